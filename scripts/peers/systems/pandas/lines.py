"""Shared by pandas' programs: the input as a series of lines, and the clock.

read_csv has no way to read lines as they are: each byte is a separator, a quote or a line end to it. Python's own
reading of lines is no slower.
"""

import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pandas as pd
import reading

CHUNK_LINES = 1 << 18
"""Lines that are split into words at a time: a string is some 60 bytes, so all words at once would not fit."""


def run(answer: Callable[[Path], pd.Series]) -> None:
    """Write the values of the series that `answer` makes of the input file to the output folder: `index TAB value` for
    numbers, values alone for texts."""
    source, output = Path(sys.argv[1]), Path(sys.argv[2])
    started = time.perf_counter()
    series = answer(source)
    if pd.api.types.is_numeric_dtype(series.dtype):
        lines = (f"{key}\t{value!r}\n" for key, value in zip(series.index.tolist(), series.tolist()))
    else:
        lines = (f"{value}\n" for value in series.tolist())
    reading.write(output, (line.encode(reading.ENCODING) for line in lines))
    print(f"work_seconds={time.perf_counter() - started:.6f}")


def chunks(source: Path) -> Iterator[pd.Series]:
    """The lines of a text, some at a time; at least one series, which may be empty."""
    with reading.characters(source) as text:
        lines = (line.removesuffix("\n") for line in text)
        while True:
            chunk = list(islice(lines, CHUNK_LINES))
            yield pd.Series(chunk, dtype=object)
            if len(chunk) < CHUNK_LINES:
                return


def whole(source: Path) -> pd.Series:
    """All lines of a text."""
    return pd.Series(reading.lines_of_characters(source), dtype=object)


def counted(of_chunks: list[pd.Series]) -> pd.Series:
    """Counts of the chunks added up."""
    return pd.concat(of_chunks).groupby(level=0, sort=False).sum().astype("int64")
