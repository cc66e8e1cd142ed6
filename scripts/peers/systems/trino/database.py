"""Shared by Trino's programs: a server, the file as a table where it lies, and both clocks."""

import csv
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import trino.dbapi
from relations import Relation
from servers import trino as server


class Database:
    def __init__(self, cursor, files: Path):
        self.cursor, self.files = cursor, files

    def table(self, relation: Relation) -> str:
        """A table of text over the file; its empty cells are NULL."""
        place = self.files / relation.name
        place.mkdir()
        _lay(Path(relation.path).resolve(), place / "part")
        columns = ", ".join(f"{name} varchar" for name in relation.columns)
        self.execute(
            f"CREATE TABLE {relation.name}_as_it_is ({columns}) "
            f"WITH (format = 'CSV', csv_separator = '{relation.separator}', csv_escape = '\"', "
            f"external_location = 'local:///{relation.name}')"
        )
        filled = ", ".join(f"NULLIF({name}, '') AS {name}" for name in relation.columns)
        return f"(SELECT {filled} FROM {relation.name}_as_it_is)"

    def execute(self, statement: str):
        return self.cursor.execute(statement).fetchall()


def _lay(source: Path, place: Path) -> None:
    """The file under another name: a link where both are on one file system."""
    try:
        os.link(source, place)
    except OSError:
        shutil.copyfile(source, place)


def run(asked: Callable[[Database], str]) -> None:
    """Let `asked` make tables; it returns the question, whose answer is written."""
    with server.started(Path(os.environ["SCRATCH"])) as (port, files):
        with trino.dbapi.connect(
            host="127.0.0.1", port=port, user="peers", catalog="hive", schema="peers"
        ) as connection:
            database = Database(connection.cursor(), files)
            database.execute("CREATE SCHEMA hive.peers")
            started = time.perf_counter()
            rows = database.execute(asked(database))
            output = Path(sys.argv[2])
            output.mkdir()
            with open(output / "part", "w", encoding="utf-8", newline="") as part:
                csv.writer(part, delimiter="\t", lineterminator="\n").writerows(rows)
            print(f"work_seconds={time.perf_counter() - started:.6f}")
