"""A join and a sum."""

import polars as pl
from output import write
from relations import Relation
from rows import scanned


def query() -> pl.LazyFrame:
    numbers = scanned(Relation("input"), {"c4"})
    left, right = numbers.filter(pl.col("c1") == "A"), numbers.filter(pl.col("c1") == "B")
    joined = left.join(right, left_on="c3", right_on="c2", suffix="_right")
    return joined.group_by("c2", "c3_right").agg((pl.col("c4") * pl.col("c4_right")).sum())


write(query)
