"""filter and select."""

import polars as pl
from output import write
from relations import Relation, Select
from rows import scanned


def query() -> pl.LazyFrame:
    relation = Relation("input")
    question = Select(relation)
    frame = scanned(relation, question.numbers)
    if question.column:
        cells = pl.col(question.column)
        frame = frame.filter(question.compare(cells.cast(pl.Float64) if question.cast else cells))
    return frame.select(question.columns)


write(query)
