"""GNU sort, with grep, tr and uniq in pipelines, in the C locale that the runner sets."""

from harness import rules
from harness.interpreted import ShellSystem


class Gnu(ShellSystem):
    def reasons(self, question: rules.Question):
        yield from rules.longest_match(question)
        yield from rules.plain_rows(question)
        yield from rules.plain_cells(question)
        if question.workload.name == "join" and question.parameters["how"] not in ("inner", "semi", "anti"):
            yield f"is not written for --how {question.parameters['how']}"
        if question.pattern and question.pattern.any_byte and question.data.has(b"\0"):
            yield f"may not match NUL with {question.pattern.text}"


SYSTEMS = [Gnu("gnu", tool="sort", aliases=("sort", "grep"))]
