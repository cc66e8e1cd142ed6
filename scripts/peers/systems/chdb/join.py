"""A join of two files."""

from query import scanned, write
from relations import Relation, joined

left, right = Relation("left", "of_left"), Relation("right", "of_right")
query = joined(left, right)
# ClickHouse has semi and anti joins where others have EXISTS.
for told, kind in (("NOT EXISTS", "ANTI"), ("EXISTS", "SEMI")):
    query = query.replace(
        f"WHERE {told} (SELECT 1 FROM of_right r WHERE r.c1 = l.c1)", f"LEFT {kind} JOIN of_right r ON l.c1 = r.c1"
    )
write(f"WITH of_left AS (SELECT * FROM {scanned(left)}), of_right AS (SELECT * FROM {scanned(right)}) {query}")
