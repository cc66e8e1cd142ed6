"""Shared by DuckDB's programs on tables: read_csv with the types that the question has, and one timed statement."""

import os
import sys
import time
from pathlib import Path

import duckdb
from relations import Relation

OUTPUT = Path(sys.argv[2])


def scanned(relation: Relation, numbers: set[str] = frozenset()) -> str:
    types = ", ".join(f"'{name}': '{kind}'" for name, kind in relation.typed(numbers).items())
    return (
        f"read_csv('{relation.path}', columns = {{{types}}}, header = false, auto_detect = false, "
        f"delim = '{relation.separator}', quote = '\"', escape = '\"')"
    )


def write(query: str) -> None:
    """Write the rows of `query` as TAB-separated text to the output folder."""
    connection = duckdb.connect()
    connection.execute(f"SET threads = {os.environ['CPUS']}")
    connection.execute(f"SET temp_directory = '{os.environ['SCRATCH']}'")
    started = time.perf_counter()
    OUTPUT.mkdir()
    connection.execute(
        f"COPY ({query}) TO '{OUTPUT}/part' (FORMAT csv, HEADER false, DELIMITER '\t', QUOTE '', ESCAPE '')"
    )
    print(f"work_seconds={time.perf_counter() - started:.6f}")
