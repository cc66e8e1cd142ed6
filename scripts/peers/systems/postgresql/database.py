"""Shared by PostgreSQL's programs: a server, COPY into tables and out of a question, and both clocks."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import questions
from relations import Relation
from servers import postgresql

BLOCK = 1 << 20


class Database:
    def __init__(self, connection: psycopg.Connection):
        self.connection = connection

    def table(self, relation: Relation, numbers: set[str] = frozenset(), whole: bool = False) -> None:
        number = "bigint" if whole else "double precision"
        self.connection.execute(relation.created(numbers=numbers, text="text", number=number))
        self._copy(relation.path, f"COPY {relation.name} FROM STDIN (FORMAT csv, DELIMITER '{relation.separator}')")
        self.connection.execute(f"ANALYZE {relation.name}")

    def lines(self) -> None:
        self.connection.execute("CREATE TABLE lines (line text)")
        self._copy("input", "COPY lines FROM STDIN (FORMAT csv, DELIMITER E'\\x01', QUOTE E'\\x02')")
        self.connection.execute("ANALYZE lines")

    def _copy(self, path: str, statement: str) -> None:
        with open(path, "rb") as file, self.connection.cursor().copy(statement) as copy:
            while block := file.read(BLOCK):
                copy.write(block)

    def write(self, question: str) -> None:
        """A question whose answer is lines has nothing between cells."""
        between = "\\x01" if question.startswith("SELECT DISTINCT") else "\\t"
        output = Path(sys.argv[2])
        output.mkdir()
        statement = f"COPY ({question}) TO STDOUT (FORMAT csv, DELIMITER E'{between}', QUOTE E'\\x02')"
        with open(output / "part", "wb") as part, self.connection.cursor().copy(statement) as copy:
            for block in copy:
                part.write(block)


def run(asked: Callable[[Database], str]) -> None:
    """Let `asked` load tables; it returns the question, whose answer is written."""
    with postgresql.started(Path(os.environ["SCRATCH"])) as reached:
        with psycopg.connect(**reached, autocommit=True) as connection:
            questions.timed(Database(connection), asked)
