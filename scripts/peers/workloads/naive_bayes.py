"""Naive Bayes with counts of words: the logarithms of the share of each class in the texts, in the line of the empty
word, and of the share of each word in each class, `alpha` added to its count. A line is a class, a TAB and a text."""

from harness import answers
from harness.registry import Workload

WORKLOAD = Workload(
    name="naive-bayes",
    title="learn which words tell classes of texts apart",
    generator="labelled-text",
    size="64MiB",
    compared=answers.in_any_order,
    tolerance=1e-9,
    twinmill=("naive-bayes",),
    options=("alpha",),
    parameters={"alpha": "1"},
    fixed={"tokens": "words", "test": ""},
)
