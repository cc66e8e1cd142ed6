"""chDB: ClickHouse as a library, and SQL over the file."""

from harness import rules
from harness.interpreted import PythonSystem


class Chdb(PythonSystem):
    def reasons(self, question: rules.Question):
        yield from rules.usual_reader(question)
        yield from rules.rows_alone(question)
        if question.data.has(b"\t"):
            yield from rules.keeps_carriage_returns(question)


SYSTEMS = [Chdb("chdb", package="chdb", aliases=("clickhouse",))]
