"""Word count as a lazy query.

Tokens between spaces are counted first, then the few distinct ones are split at the rarer separators: exact, and as
fast as splitting at spaces alone.
"""

import polars as pl
from lines import write

write(
    lambda lines: (
        lines.select(word=pl.col("line").str.split(" ").explode())
        .group_by("word")
        .len("n")
        .with_columns(pl.col("word").str.extract_all(r"[^\t\r\f]+"))
        .explode("word")
        .drop_nulls()
        .group_by("word")
        .agg(pl.col("n").sum())
    )
)
