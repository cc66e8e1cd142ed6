"""Terms counted by file, then listed by term."""

import polars as pl
from lines import write_files
from terms import counted

write_files(
    lambda lines: (
        counted(lines)
        .sort("document")
        .group_by("term", maintain_order=True)
        .agg(pl.len().alias("documents"), (pl.col("document") + ":" + pl.col("n").cast(pl.String)).str.join(","))
    )
)
