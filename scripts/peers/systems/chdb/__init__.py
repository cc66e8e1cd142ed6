"""chDB: ClickHouse as a library, and SQL over the file."""

from harness import rules
from harness.interpreted import PythonSystem


class Chdb(PythonSystem):
    def reasons(self, question: rules.Question):
        yield from rules.utf8_only(question)
        yield from rules.no_mark(question)
        yield from rules.cuts_at_carriage_returns(question)
        yield from rules.plain_rows(question)


SYSTEMS = [Chdb("chdb", package="chdb", aliases=("clickhouse",))]
