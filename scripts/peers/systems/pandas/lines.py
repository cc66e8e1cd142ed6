"""What pandas' programs share: the input as a series of lines, and the clock."""

import csv
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd

CHUNK_LINES = 1 << 18
"""Lines that are split into words at a time: a string is some 60 bytes, so all words at once would not fit."""


def run(answer: Callable[[Path], pd.Series | pd.DataFrame]) -> None:
    """Write what `answer` makes of the input file to the output folder: the columns, or index and values of a series."""
    source, output = Path(sys.argv[1]), Path(sys.argv[2])
    started = time.perf_counter()
    table = answer(source)
    output.mkdir()
    table.to_csv(
        output / "part", sep="\t", header=False, index=isinstance(table, pd.Series), quoting=csv.QUOTE_NONE, quotechar=None
    )
    print(f"work_seconds={time.perf_counter() - started:.6f}")


def chunks(source: Path) -> Iterator[pd.Series]:
    """The lines of a text, some at a time."""
    for chunk in pd.read_csv(source, **_LINES, chunksize=CHUNK_LINES):
        yield chunk["line"]


def whole(source: Path) -> pd.DataFrame:
    """All lines of a text as column `line`."""
    return pd.read_csv(source, **_LINES)


_LINES = {
    "sep": "\x01",  # a byte that no text holds
    "names": ["line"],
    "dtype": str,
    "quoting": csv.QUOTE_NONE,
    "keep_default_na": False,
    "skip_blank_lines": False,
}
