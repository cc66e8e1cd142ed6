"""SQLite, by Python's own `sqlite3`: a table in memory, and SQL over it. It has no regular expressions, so no
`grep`."""

import importlib.util

from harness import rules
from harness.interpreted import PythonSystem


class Sqlite(PythonSystem):
    def missing(self) -> str | None:
        return None if importlib.util.find_spec("_sqlite3") else "this Python was built without sqlite3"

    def version(self) -> str:
        import sqlite3  # not every Python has it

        return sqlite3.sqlite_version


SYSTEMS = [Sqlite("sqlite", parallel=False, declines=(rules.plain_rows,))]
