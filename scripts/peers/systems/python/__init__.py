"""Plain Python, by what the standard library has; the interpreter that runs the harness."""

from harness import rules
from harness.interpreted import PythonSystem


class Python(PythonSystem):
    def reasons(self, question: rules.Question):
        yield from rules.first_match(question)
        yield from rules.plain_rows(question)


SYSTEMS = [Python("python", parallel=False)]
