"""Each line of a text once."""

from harness import answers, inputs
from harness.registry import Workload

WORKLOAD = Workload(
    name="distinct",
    title="keep each line once",
    generator="graph",
    size="4M",
    sized=inputs.in_records,
    compared=answers.in_any_order,
    twinmill=("distinct",),
)
