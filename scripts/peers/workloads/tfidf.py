"""The weight of each term in each document that it is in: its count there, times the logarithm of the documents by those
with the term. Terms and documents are those of `inverted-index`."""

from harness import answers
from harness.registry import Workload

WORKLOAD = Workload(
    name="tfidf",
    title="weigh terms by how much they tell of a document",
    generator="documents",
    size="64MiB",
    files=None,
    compared=answers.in_any_order,
    tolerance=1e-9,
    twinmill=("tfidf",),
    fixed={"tokens": "letters"},
)
