"""pandas, as pip installs it: strings are Python's, and one thread does the work. For matrices see `numpy`."""

from harness import rules
from harness.interpreted import PythonSystem


class Pandas(PythonSystem):
    def reasons(self, question: rules.Question):
        yield from rules.first_match(question)


SYSTEMS = [Pandas("pandas", package="pandas", parallel=False)]
