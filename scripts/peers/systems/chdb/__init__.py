"""chDB: ClickHouse as a library, and SQL over the file."""

from harness import rules
from harness.interpreted import PythonSystem


class Chdb(PythonSystem):
    def reasons(self, question: rules.Question):
        yield from rules.usual_reader(question)
        yield from rules.rows_alone(question)
        in_rows = question.workload.name in rules.TABLES + rules.RECORDS
        if in_rows and question.data.carriage_returns and question.data.has(b"\t"):
            yield "takes a carriage return for a part of the last cell where TABs are between cells"


SYSTEMS = [Chdb("chdb", package="chdb", aliases=("clickhouse",))]
