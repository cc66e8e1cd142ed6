"""groupby and agg over the columns that the question is about; `CHUNK_ROWS` reads so many rows at a time and adds the
answers up, as people do where a file is larger than memory."""

import os

import pandas as pd
from relations import NUMERIC, Aggregate, Relation
from rows import options, write

question = Aggregate()
ALL = "all"
"""The group of a question without groups."""


def counted(frame: pd.DataFrame, part: Aggregate = question) -> pd.DataFrame:
    """Sums, counts and extremes by group, of which the answer is made: `c4 sum`, `c4 count`, `rows`."""
    keys = part.groups or [pd.Series(ALL, index=frame.index)]
    grouped = frame.groupby(keys, dropna=False, sort=False)
    parts = {"rows": grouped.size()}
    for function, column in question.wanted:
        if function == "mean":
            parts[f"{column} sum"], parts[f"{column} count"] = grouped[column].sum(), grouped[column].count()
        elif function in ("sum", "count", "min", "max") and column:
            parts[f"{column} {function}"] = getattr(grouped[column], function)()
    return pd.DataFrame(parts)


def answered(parts: pd.DataFrame, distinct: dict[str, pd.Series]) -> pd.DataFrame:
    values = {}
    for place, (function, column) in enumerate(question.wanted):
        if column is None:
            value = parts["rows"]
        elif function == "mean":
            value = parts[f"{column} sum"] / parts[f"{column} count"]
        elif function == "distinct":
            value = distinct[column].reindex(parts.index, fill_value=0)
        else:
            value = parts[f"{column} {function}"]
        values[f"v{place}"] = value
    frame = pd.DataFrame(values)
    return frame.reset_index() if question.groups else frame


def read(**more):
    relation = Relation("input")
    used = {*question.groups, *(column for _, column in question.wanted if column)} or {"c1"}
    numbers = {column for function, column in question.wanted if function in NUMERIC}
    return pd.read_csv(**options(relation, numbers, sorted(used, key=relation.columns.index)), **more)


def chunks():
    rows = int(os.environ.get("CHUNK_ROWS", 0))
    return read(chunksize=rows) if rows else [read()]


def answer() -> pd.DataFrame:
    keys, counts = question.groups, []
    columns = {column for function, column in question.wanted if function == "distinct"}
    pairs = {column: [] for column in columns}
    for chunk in chunks():
        counts.append(counted(chunk))
        for column, found in pairs.items():
            found.append(chunk[list(dict.fromkeys([*keys, column]))].drop_duplicates().dropna(subset=column))
    adding = {name: name.split()[-1] if name.split()[-1] in ("min", "max") else "sum" for name in counts[0].columns}
    total = (
        counts[0]
        if len(counts) == 1
        else pd.concat(counts).groupby(level=list(range(counts[0].index.nlevels)), dropna=False, sort=False).agg(adding)
    )
    distinct = {}
    for column, found in pairs.items():
        once = pd.concat(found).drop_duplicates()
        by = keys or [pd.Series(ALL, index=once.index)]
        distinct[column] = once.groupby(by, dropna=False).size()
    return answered(total, distinct)


write(answer)
