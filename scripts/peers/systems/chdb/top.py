"""ORDER BY and LIMIT."""

from query import scanned, write
from relations import Relation, top

write(top(scanned(Relation("input"), {"c2"}, "Int64")))
