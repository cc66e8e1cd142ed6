"""merge on the first columns."""

import os

import pandas as pd
from relations import Relation
from rows import options, write


def answer() -> pd.DataFrame:
    left, right = Relation("left"), Relation("right")
    how = os.environ["HOW"]
    lefts, rights = pd.read_csv(**options(left)), pd.read_csv(**options(right))
    rights = rights.rename(columns={column: f"r{column[1:]}" for column in right.columns[1:]})
    if how in ("semi", "anti"):
        matched = lefts["c1"].isin(rights["c1"].dropna())
        return lefts[matched if how == "semi" else ~matched]
    if how == "inner":
        return lefts.dropna(subset="c1").merge(rights, on="c1", how="inner")
    # pandas lets a missing value match a missing value; a key of its own on each side matches nothing.
    lefts["key"] = lefts["c1"].where(lefts["c1"].notna(), "\0left")
    rights["key"] = rights["c1"].where(rights["c1"].notna(), "\0right")
    merged = lefts.merge(rights.rename(columns={"c1": "r1"}), on="key", how="outer" if how == "full" else how)
    merged["c1"] = merged["c1"].fillna(merged["r1"])
    return merged[[*left.columns, *(f"r{column[1:]}" for column in right.columns[1:])]]


write(answer)
