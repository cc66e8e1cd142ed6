"""A stable sort by key and the other column."""

from output import write
from relations import Relation
from rows import scanned

write(lambda: scanned(Relation("input")).sort("c1", "c2", nulls_last=[False, True], maintain_order=True))
