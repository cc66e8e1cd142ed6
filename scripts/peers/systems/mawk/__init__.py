"""mawk, the fastest of the awks: a line or a few of it."""

from harness import rules
from harness.interpreted import ShellSystem


LONGEST_LINE = 20_000


class Mawk(ShellSystem):
    def reasons(self, question: rules.Question):
        yield from rules.longest_match(question)
        if question.pattern and question.data.has_line_over(LONGEST_LINE):
            yield f"copies the rest of a line at each match, which takes too long over {LONGEST_LINE:,} bytes"
        if question.data.has(b"\0"):
            yield "takes NUL for the end of a text, or not, as its version has it"
        yield from rules.plain_rows(question)
        yield from rules.plain_cells(question)
        if question.workload.name == "select" and "-" in question.parameters["columns"]:
            yield "is not written for ranges of columns"


SYSTEMS = [Mawk("mawk", tool="mawk", version_option="-Wversion", aliases=("awk",), parallel=False)]
