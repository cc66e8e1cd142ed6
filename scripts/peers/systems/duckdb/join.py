"""A join of two files."""

from output import write
from relations import Relation, joined
from rows import scanned

left, right = Relation("left", "of_left"), Relation("right", "of_right")
write(f"WITH of_left AS (FROM {scanned(left)}), of_right AS (FROM {scanned(right)}) {joined(left, right)}")
