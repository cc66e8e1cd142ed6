"""PostgreSQL: the input is copied into a table, which is the load, and a statement asks."""

import glob

from harness import rules
from harness.interpreted import PythonSystem, version_told
from harness.needs import Needs


SERVER = "/usr/lib/postgresql/*/bin/postgres"


class PostgreSQL(PythonSystem):
    needs = Needs(
        {SERVER: "postgresql", "unshare": "util-linux"},
        settled={"/etc/postgresql-common/createcluster.conf": "create_main_cluster = false\n"},
    )

    def reasons(self, question: rules.Question):
        yield from rules.usual_reader(question)
        yield from rules.lines_as_cells(question)
        yield from rules.rows_alone(question)
        if question.data.has(b"\0"):
            yield "takes no NUL in a text"
        if question.data.mixed_line_ends:
            yield "takes line ends of one kind only"
        if question.data.has(b"\2"):
            yield "puts the byte 02 around cells, which is in the input"

    def version(self) -> str:
        return version_told([sorted(glob.glob(SERVER))[-1], "--version"])


SYSTEMS = [PostgreSQL("postgresql", package="psycopg", aliases=("postgres",))]
