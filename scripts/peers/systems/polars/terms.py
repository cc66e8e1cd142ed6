"""Shared by Polars' programs on documents: the terms of each, counted."""

import polars as pl


def counted(lines: pl.LazyFrame) -> pl.LazyFrame:
    """The columns `term`, `document` and `n`, of the frame of all files' lines with their paths."""
    return (
        lines.select(
            term=pl.col("line").str.extract_all("[A-Za-z]+"),
            document=pl.col("path").str.extract(r"([^/]*?)(?:\.[^./]*)?$"),
        )
        .explode("term")
        .drop_nulls("term")
        .with_columns(pl.col("term").str.to_lowercase())
        .group_by("term", "document")
        .len("n")
    )
