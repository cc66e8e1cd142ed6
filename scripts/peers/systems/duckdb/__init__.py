"""DuckDB: one SQL statement over the lines of the input."""

from harness import rules
from harness.interpreted import PythonSystem

LONGEST_LINE = 2_000_000


class DuckDB(PythonSystem):
    def reasons(self, question: rules.Question):
        yield from rules.utf8_only(question)
        yield from rules.plain_rows(question)
        yield from rules.plain_fields(question)
        yield from rules.cuts_at_carriage_returns(question)
        yield from rules.first_match(question)
        if question.pattern and question.pattern.anchored:
            yield "anchors a pattern anew behind each match"
        yield from rules.lines_as_cells(question)
        if question.workload.name == "anagrams":
            yield from rules.ascii_only(question)
        if question.data.has_line_over(LONGEST_LINE):
            yield f"reads no lines over {LONGEST_LINE:,} bytes"


SYSTEMS = [DuckDB("duckdb", package="duckdb")]
