"""Shared by pandas' programs on tables: read_csv with the types that the question has, and the clock."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from relations import Relation


def options(
    relation: Relation, numbers: set[str] = frozenset(), columns: list[str] | None = None, number="float64"
) -> dict:
    """Of read_csv: no text is a missing value but the empty one."""
    names = relation.columns
    return {
        "filepath_or_buffer": relation.path,
        "sep": relation.separator,
        "header": None,
        "names": names,
        "usecols": columns or names,
        "dtype": {name: number if name in numbers else "str" for name in names},
        "keep_default_na": False,
        "na_values": [""],
        "encoding": "utf-8",
    }


def write(answer: Callable[[], pd.DataFrame]) -> None:
    """Write the rows of the frame that `answer` makes as TAB-separated text to the output folder."""
    output = Path(sys.argv[2])
    started = time.perf_counter()
    output.mkdir()
    answer().to_csv(output / "part", sep="\t", header=False, index=False)
    print(f"work_seconds={time.perf_counter() - started:.6f}")
