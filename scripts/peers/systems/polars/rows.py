"""Shared by Polars' programs on tables: lazy scans."""

import polars as pl
from relations import Relation


def scanned(relation: Relation, numbers: set[str] = frozenset(), number=pl.Float64) -> pl.LazyFrame:
    schema = {name: number if name in numbers else pl.String for name in relation.columns}
    return pl.scan_csv(relation.path, has_header=False, separator=relation.separator, schema=schema)
