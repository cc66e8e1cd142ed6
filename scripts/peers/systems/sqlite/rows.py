"""Shared by SQLite's programs on tables: the csv module fills a table in memory, which is the load; then the
question."""

import csv
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path

from relations import Relation


def loaded(
    database: sqlite3.Connection, relation: Relation, numbers: set[str] = frozenset(), number: str = "REAL"
) -> None:
    database.execute(relation.created(numbers=numbers, text="TEXT", number=number))
    places = ", ".join(f"NULLIF(?{place}, '')" for place in range(1, relation.width + 1))
    with open(relation.path, newline="", encoding="utf-8") as file:
        rows = (row for row in csv.reader(file, delimiter=relation.separator) if row)
        database.executemany(f"INSERT INTO {relation.name} VALUES ({places})", rows)


def run(asked: Callable[[sqlite3.Connection], str]) -> None:
    """Let `asked` load tables; it returns the question."""
    database = sqlite3.connect(":memory:")
    started = time.perf_counter()
    question = asked(database)
    asked_at = time.perf_counter()
    output = Path(sys.argv[2])
    output.mkdir()
    with open(output / "part", "w", encoding="utf-8") as part:
        csv.writer(part, delimiter="\t", lineterminator="\n").writerows(database.execute(question))
    print(f"load_seconds={asked_at - started:.6f}")
    print(f"work_seconds={time.perf_counter() - asked_at:.6f}")
