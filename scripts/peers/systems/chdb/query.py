"""Shared by chDB's programs: files as tables, and one timed statement whose answer goes to the output folder."""

import os
import sys
import time
from pathlib import Path

import chdb
from relations import Relation

OUTPUT = Path(sys.argv[2])
SETTINGS = (
    "format_csv_null_representation = '', format_tsv_null_representation = '', input_format_csv_trim_whitespaces = 0, "
    f"join_use_nulls = 1, max_threads = {os.environ['CPUS']}, output_format_tsv_crlf_end_of_line = 0"
)
LINES = "file('{}', 'LineAsString', 'line String')"


def lines(path: str = "input") -> str:
    return LINES.format(path)


def scanned(relation: Relation, numbers: set[str] = frozenset(), number: str = "Nullable(Float64)") -> str:
    types = ", ".join(f"{name} {kind}" for name, kind in relation.typed(numbers, "Nullable(String)", number).items())
    kind = "CSV" if relation.separator == "," else "TSVRaw"
    return f"file('{relation.path}', '{kind}', '{types}')"


def write(query: str) -> None:
    started = time.perf_counter()
    OUTPUT.mkdir()
    chdb.query(f"{query} INTO OUTFILE '{OUTPUT}/part' FORMAT TSVRaw SETTINGS {SETTINGS}")
    print(f"work_seconds={time.perf_counter() - started:.6f}")
