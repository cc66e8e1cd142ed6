"""sort and head, of which Polars makes a top-k."""

import os

import polars as pl
from output import write
from relations import Relation
from rows import scanned


def query() -> pl.LazyFrame:
    frame = scanned(Relation("input"), {"c2"}, pl.Int64)
    return frame.sort("c2", "c1", descending=[True, False]).head(int(os.environ["K"]))


write(query)
