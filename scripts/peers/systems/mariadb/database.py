"""Shared by MariaDB's programs: a server, LOAD DATA into tables, SELECT INTO OUTFILE, and both clocks. MariaDB reads
and writes the files itself."""

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pymysql
import questions
from relations import Relation
from servers import mariadb

TEXT = "VARCHAR(500)"
COMMAS_OUTSIDE = re.compile(r", (?![^(]*\))")
"""Commas that are not within parentheses."""


class Database:
    def __init__(self, connection: pymysql.Connection):
        self.cursor = connection.cursor()

    def table(self, relation: Relation, numbers: set[str] = frozenset(), whole: bool = False) -> None:
        types = relation.typed(numbers, TEXT, "BIGINT" if whole else "DOUBLE")
        key = f", KEY ({relation.key})" if relation.key else ""
        made = ", ".join(f"{name} {kind}" for name, kind in types.items())
        self.cursor.execute(f"CREATE TABLE {relation.name} ({made}{key})")
        read = ", ".join(f"@{name}" for name in types)
        null = ", ".join(f"{name} = NULLIF(@{name}, '')" for name in types)
        self.cursor.execute(
            f"LOAD DATA INFILE '{os.path.abspath(relation.path)}' INTO TABLE {relation.name} "
            f"FIELDS TERMINATED BY '{relation.separator}' OPTIONALLY ENCLOSED BY '\"' ESCAPED BY '' ({read}) SET {null}"
        )
        self.cursor.execute(f"ANALYZE TABLE {relation.name}")

    def lines(self) -> None:
        self.cursor.execute(f"CREATE TABLE `lines` (line {TEXT})")
        self.cursor.execute(
            f"LOAD DATA INFILE '{os.path.abspath('input')}' INTO TABLE `lines` "
            "FIELDS TERMINATED BY '\x01' ESCAPED BY ''"
        )

    def write(self, question: str) -> None:
        output = Path(sys.argv[2]).resolve()
        output.mkdir()
        self.cursor.execute(_into(question.replace("FROM lines", "FROM `lines`"), output / "part"))


def _into(question: str, part: Path) -> str:
    """The question with a file for its answer. Its NULLs are empty cells."""
    if question.startswith("SELECT DISTINCT"):
        return f"{question} INTO OUTFILE '{part}' FIELDS TERMINATED BY '\t' ESCAPED BY ''"
    chosen, rest = question.removeprefix("SELECT ").split(" FROM ", 1)
    filled = ", ".join(f"IFNULL({item}, '')" for item in COMMAS_OUTSIDE.split(chosen))
    return f"SELECT {filled} INTO OUTFILE '{part}' FIELDS TERMINATED BY '\t' ESCAPED BY '' FROM {rest}"


def run(asked: Callable[[Database], str]) -> None:
    """Let `asked` load tables; it returns the question, whose answer is written."""
    with mariadb.started(Path(os.environ["SCRATCH"])) as reached:
        with pymysql.connect(**reached, autocommit=True) as connection:
            questions.timed(Database(connection), asked)
