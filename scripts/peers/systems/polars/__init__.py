"""Polars: a lazy query, run by the streaming engine."""

from harness import rules
from harness.interpreted import PythonSystem


class Polars(PythonSystem):
    """Its regular expressions are twinmill's."""

    def reasons(self, question: rules.Question):
        yield from rules.utf8_only(question)
        yield from rules.plain_rows(question)
        yield from rules.plain_fields(question)
        yield from rules.no_mark(question)
        yield from rules.drops_carriage_returns(question)
        yield from rules.rows_alone(question)
        if question.pattern and "(?" in question.pattern.text and not question.pattern.portable:
            yield f"may read the pattern {question.pattern.text} in another way"


SYSTEMS = [Polars("polars", package="polars", threads="POLARS_MAX_THREADS")]
