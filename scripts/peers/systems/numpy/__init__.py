"""NumPy, and SciPy's sparse matrices for graphs: the whole input as arrays, one expression an iteration."""

from harness import rules
from harness.interpreted import PythonSystem


class NumPy(PythonSystem):
    def reasons(self, question: rules.Question):
        if "header" in question.parameters:
            yield from rules.plain_tables(question)


SYSTEMS = [NumPy("numpy", package="numpy")]
