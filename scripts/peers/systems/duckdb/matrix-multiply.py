"""A join and a sum."""

from output import write
from relations import Relation
from rows import scanned

write(f"""
    WITH numbers AS (FROM {scanned(Relation("input"), {"c4"})})
    SELECT a.c2, b.c3, sum(a.c4 * b.c4)
    FROM numbers a JOIN numbers b ON a.c3 = b.c2 WHERE a.c1 = 'A' AND b.c1 = 'B' GROUP BY a.c2, b.c3
""")
