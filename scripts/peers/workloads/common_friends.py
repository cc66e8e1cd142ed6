"""The common friends of every two friends, in byte order. Edges have no direction, and friends without a common one have
no line."""

from harness import answers, inputs
from harness.registry import Workload

WORKLOAD = Workload(
    name="common-friends",
    title="the common friends of every two friends",
    generator="graph",
    size="12k",
    sized=inputs.in_nodes,
    compared=answers.in_any_order,
    twinmill=("common-friends",),
    fixed={"ids": "text"},
)
