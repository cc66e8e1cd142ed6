"""Pairs of different terms that stand in one line, of which there are `min-count` lines: the logarithm of the lines with
both, times all lines, by those with each, and the lines with both. A term is `bigrams`'s."""

from harness import answers
from harness.registry import Workload

WORKLOAD = Workload(
    name="pmi",
    title="pairs of words that stand in one line more often than by chance",
    generator="text",
    size="16MiB",
    compared=answers.in_any_order,
    tolerance=1e-9,
    twinmill=("pmi",),
    options=("min-count",),
    parameters={"min-count": "10"},
    fixed={"tokens": "letters"},
)
