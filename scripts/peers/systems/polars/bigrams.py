"""Bigrams: the words of a line beside the same words moved by one."""

import polars as pl
from lines import write

write(
    lambda lines: (
        lines.select(word=pl.col("line").str.extract_all("[A-Za-z]+"))
        .filter(pl.col("word").list.len() > 1)
        .with_columns(
            first=pl.col("word").list.head(pl.col("word").list.len() - 1), second=pl.col("word").list.slice(1)
        )
        .select("first", "second")
        .explode("first", "second")
        .select(pair=(pl.col("first") + " " + pl.col("second")).str.to_lowercase())
        .group_by("pair")
        .len("n")
    )
)
