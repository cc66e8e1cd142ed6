"""scikit-learn. Not for `logreg`: none of its solvers is full-batch gradient descent with a given rate."""

from harness import rules
from harness.interpreted import PythonSystem


class ScikitLearn(PythonSystem):
    def reasons(self, question: rules.Question):
        if "header" in question.parameters:
            yield from rules.plain_tables(question)


SYSTEMS = [ScikitLearn("sklearn", package="scikit_learn", aliases=("scikit-learn",))]
