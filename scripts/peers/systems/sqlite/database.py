"""Shared by SQLite's programs: the input's lines, a database in memory, and the clock."""

import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import reading


def run(rows: Callable[[sqlite3.Connection, Iterator[bytes]], Iterable[tuple]]) -> None:
    """Write what `rows` makes of the input's lines, which have no line end, as TAB-separated text to the output
    folder."""
    source, output = sys.argv[1], Path(sys.argv[2])
    started = time.perf_counter()
    os.environ["SQLITE_TMPDIR"] = os.environ["SCRATCH"]  # where sorts go that do not fit
    database = sqlite3.connect(":memory:")
    with reading.opened(source) as text:
        answer = rows(database, (line.removesuffix(b"\n") for line in text))
        reading.write(output, (b"\t".join(map(_bytes, row)) + b"\n" for row in answer))
    print(f"work_seconds={time.perf_counter() - started:.6f}")


def _bytes(value: bytes | int | float) -> bytes:
    return value if isinstance(value, bytes) else repr(value).encode()
