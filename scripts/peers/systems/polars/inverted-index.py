"""Terms counted by file, then listed by term."""

import polars as pl
from lines import write_files

write_files(
    lambda lines: (
        lines.select(
            term=pl.col("line").str.extract_all("[A-Za-z]+"),
            document=pl.col("path").str.extract(r"([^/]*?)(?:\.[^./]*)?$"),
        )
        .explode("term")
        .drop_nulls("term")
        .with_columns(pl.col("term").str.to_lowercase())
        .group_by("term", "document")
        .len("n")
        .sort("document")
        .group_by("term", maintain_order=True)
        .agg(pl.len().alias("documents"), (pl.col("document") + ":" + pl.col("n").cast(pl.String)).str.join(","))
    )
)
