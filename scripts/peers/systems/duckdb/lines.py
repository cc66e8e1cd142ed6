"""Shared by DuckDB's programs: the input as a table of lines, and one timed statement over it."""

import os
import sys
import time
from pathlib import Path

import duckdb

LINES = (
    "read_csv($input, columns = {'line': 'VARCHAR'}, header = false, auto_detect = false, strict_mode = false, "
    "delim = '\x01', quote = '', escape = '')"
)
"""The lines as column `line`; empty ones are NULL. read_csv reads in parallel, which read_text does not; the delimiter
is a byte that no text holds. UTF-8 only."""


FILES = LINES.replace("header", "filename = true, header")
"""The lines of several files, with the column `filename`."""


def write(query: str, source: str = sys.argv[1], **parameters: str) -> None:
    """Write the rows of `query`, which reads `LINES`, as TAB-separated text to the output folder."""
    output = Path(sys.argv[2])
    connection = duckdb.connect()
    connection.execute(f"SET threads = {os.environ['CPUS']}")
    connection.execute(f"SET temp_directory = '{os.environ['SCRATCH']}'")

    started = time.perf_counter()
    output.mkdir()
    connection.execute(
        f"COPY ({query}) TO $part (FORMAT csv, HEADER false, DELIMITER '\t', QUOTE '', ESCAPE '')",
        {"input": source, "part": str(output / "part"), **parameters},
    )
    print(f"work_seconds={time.perf_counter() - started:.6f}")
