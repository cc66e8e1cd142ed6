"""join on the first columns."""

import os

import polars as pl
from output import write
from relations import Relation
from rows import scanned


def query() -> pl.LazyFrame:
    left, right = Relation("left"), Relation("right")
    renamed = {column: f"r{column[1:]}" for column in right.columns[1:]}
    how = os.environ["HOW"]
    joined = scanned(left).join(scanned(right).rename(renamed), on="c1", how=how, **_coalesced(how))
    return joined if how in ("semi", "anti") else joined.select([*left.columns, *renamed.values()])


def _coalesced(how: str) -> dict:
    return {"coalesce": True} if how in ("right", "full") else {}


write(query)
