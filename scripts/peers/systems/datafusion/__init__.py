"""DataFusion: SQL over the file, by the query engine in Rust that many systems are built on."""

from harness import rules
from harness.interpreted import PythonSystem


class DataFusion(PythonSystem):
    def reasons(self, question: rules.Question):
        yield from rules.usual_reader(question)
        yield from rules.lines_as_cells(question)
        if question.workload.name in rules.LINES and question.data.empty_lines:
            yield "passes over empty lines"


SYSTEMS = [DataFusion("datafusion", package="datafusion")]
