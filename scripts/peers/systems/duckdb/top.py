"""ORDER BY and LIMIT."""

from output import write
from relations import Relation, top
from rows import scanned

relation = Relation("input")
write(top(scanned(relation, {"c2"}).replace("DOUBLE", "BIGINT")))
