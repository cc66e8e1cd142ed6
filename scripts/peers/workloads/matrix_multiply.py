"""The product of two sparse matrices, whose numbers are lines of `A` or `B`, row, column and value. It has every place to
which numbers are added, also where they add up to 0."""

from harness import answers, inputs
from harness.registry import Workload

WORKLOAD = Workload(
    name="matrix-multiply",
    title="multiply two sparse matrices",
    generator="matrices",
    size="200k",
    sized=inputs.in_records,
    compared=answers.in_any_order,
    tolerance=1e-9,
    twinmill=("matrix-multiply",),
)
