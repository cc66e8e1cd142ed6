"""group_by and agg."""

import polars as pl
from output import write
from relations import Aggregate, Relation
from rows import scanned

question = Aggregate()


def told(function: str, column: str | None) -> pl.Expr:
    if column is None:
        return pl.len()
    values = pl.col(column)
    if function == "distinct":
        return values.drop_nulls().n_unique()
    if function == "count":
        return values.count()
    return getattr(values.cast(pl.Float64), function)()


def query() -> pl.LazyFrame:
    frame = scanned(Relation("input"), question.numbers)
    values = [told(*wanted).alias(f"v{place}") for place, wanted in enumerate(question.wanted)]
    return frame.group_by(question.groups).agg(values) if question.groups else frame.select(values)


write(query)
