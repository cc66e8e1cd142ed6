"""Pairs of letters' runs, in lower case, that follow one another in a line, counted."""

from harness import answers
from harness.registry import Workload

WORKLOAD = Workload(
    name="bigrams",
    title="count pairs of words that follow one another",
    generator="text",
    size="64MiB",
    compared=answers.in_any_order,
    twinmill=("bigrams",),
    fixed={"method": "pairs", "relative": "", "tokens": "letters"},
)
