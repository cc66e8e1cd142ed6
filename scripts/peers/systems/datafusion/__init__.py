"""DataFusion: SQL over the file, by the query engine in Rust that many systems are built on."""

from harness import rules
from harness.interpreted import PythonSystem


class DataFusion(PythonSystem):
    def reasons(self, question: rules.Question):
        yield from rules.utf8_only(question)
        yield from rules.no_mark(question)
        yield from rules.cuts_at_carriage_returns(question)
        yield from rules.plain_rows(question)
        if question.workload.name in rules.TEXTS + rules.LINES and question.data.has(b"\1"):
            yield "reads lines as columns that end at the byte 01, which is in the input"


SYSTEMS = [DataFusion("datafusion", package="datafusion")]
