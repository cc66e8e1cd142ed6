"""ORDER BY and LIMIT."""

from relations import Relation, top
from rows import scanned, write

relation = Relation("input")
write(top(scanned(relation, {"c2"}).replace("DOUBLE", "BIGINT")))
