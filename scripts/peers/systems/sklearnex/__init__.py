"""scikit-learn with Intel's extension: the same calls, answered by oneDAL."""

from harness import rules
from harness.interpreted import PythonSystem


class Extended(PythonSystem):
    def reasons(self, question: rules.Question):
        if "header" in question.parameters:
            yield from rules.plain_tables(question)


SYSTEMS = [Extended("sklearnex", package="scikit_learn_intelex", aliases=("scikit-learn-intelex",))]
