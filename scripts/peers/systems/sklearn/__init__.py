"""scikit-learn. Not for `logreg`: none of its solvers is full-batch gradient descent with a given rate."""

import re

from harness import rules, tables
from harness.interpreted import PythonSystem

LOOKED_AT = 1 << 20
LARGE = re.compile(rb"(?<![\d.])\d{4}|\d[eE]")



class Sklearn(PythonSystem):
    def reasons(self, question: rules.Question):
        yield from super().reasons(question)
        if "label-column" in question.parameters and tables.width(question.data, question.parameters) == 1:
            yield "fits no model without features"
        if question.workload.name == "svm" and question.parameters["standardize"] != "yes":
            if LARGE.search(question.data.text[:LOOKED_AT]):
                yield "stops too far from the least cost where features are 1,000 and more; --standardize"


SYSTEMS = [
    Sklearn(
        "sklearn",
        package="scikit_learn",
        aliases=("scikit-learn",),
        threads="OMP_NUM_THREADS",
        declines=(rules.plain_tables, rules.no_empty_cells, rules.texts_have_words),
    )
]
