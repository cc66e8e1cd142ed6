"""Matches of PATTERN, counted and sorted by falling count."""

import os

import polars as pl
from lines import write

write(
    lambda lines: (
        lines.select(match=pl.col("line").str.extract_all(os.environ["PATTERN"]).explode())
        .drop_nulls()
        .filter(pl.col("match") != "")
        .group_by("match")
        .len("n")
        .sort("n", "match", descending=[True, False])
    )
)
