"""Shared by SQLite's programs on tables: the csv module fills a table in memory, which is the load; then the
question."""

import csv
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import questions
from relations import Relation


class Database:
    def __init__(self):
        self.connection = sqlite3.connect(":memory:")

    def table(self, relation: Relation, numbers: set[str] = frozenset(), whole: bool = False) -> None:
        number = "INTEGER" if whole else "REAL"
        self.connection.execute(relation.created(numbers=numbers, text="TEXT", number=number))
        places = ", ".join(f"NULLIF(?{place}, '')" for place in range(1, relation.width + 1))
        with open(relation.path, newline="", encoding="utf-8") as file:
            rows = (row for row in csv.reader(file, delimiter=relation.separator) if row)
            self.connection.executemany(f"INSERT INTO {relation.name} VALUES ({places})", rows)
        if relation.key:
            self.connection.execute(f"CREATE INDEX key_{relation.name} ON {relation.name} ({relation.key})")

    def write(self, question: str) -> None:
        output = Path(sys.argv[2])
        output.mkdir()
        with open(output / "part", "w", encoding="utf-8") as part:
            csv.writer(part, delimiter="\t", lineterminator="\n").writerows(self.connection.execute(question))


def run(asked: Callable[[Database], str]) -> None:
    """Let `asked` load tables; it returns the question, whose answer is written."""
    questions.timed(Database(), asked)
