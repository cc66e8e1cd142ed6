"""MariaDB, for MySQL: the input is loaded into a table, which is the load, and a statement asks. It has nothing that
takes a line apart into rows, so no word count."""

from harness import rules
from harness.interpreted import PythonSystem, version_told
from harness.needs import Needs

LONGEST_LINE = 500
"""Bytes of a column that can be told apart by an index; and the width of a text in a temporary table in memory."""


class MariaDB(PythonSystem):
    needs = Needs({"mariadbd": "mariadb-server-core"})

    def reasons(self, question: rules.Question):
        yield from rules.usual_reader(question)
        yield from rules.lines_as_cells(question)
        yield from rules.rows_alone(question)
        yield from rules.keeps_carriage_returns(question)
        if question.workload.name in rules.TABLES + rules.RECORDS and question.data.has(b"NULL"):
            yield "reads the word NULL as no word"
        if question.workload.name == "join" and question.parameters["how"] == "full":
            yield "has no full join"
        if question.data.has_line_over(LONGEST_LINE):
            yield f"is given columns of at most {LONGEST_LINE} bytes"

    def version(self) -> str:
        return version_told(["mariadbd", "--version"])


SYSTEMS = [MariaDB("mariadb", package="pymysql", parallel=False, aliases=("mysql",))]
