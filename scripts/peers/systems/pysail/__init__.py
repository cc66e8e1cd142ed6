"""Sail: Spark's API in front of an engine in Rust, on DataFusion. Its server and Spark's client run in one process."""

from harness import rules
from harness.interpreted import PythonSystem


class Sail(PythonSystem):
    def reasons(self, question: rules.Question):
        yield from rules.utf8_only(question)
        yield from rules.no_mark(question)
        yield from rules.cuts_at_carriage_returns(question)
        yield from rules.plain_rows(question)


SYSTEMS = [Sail("pysail", package="pysail", aliases=("sail",))]
