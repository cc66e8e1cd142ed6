"""The edges that lead to each node and those that lead from it, counted. Each line is an edge."""

from harness import answers, inputs
from harness.registry import Workload

WORKLOAD = Workload(
    name="degrees",
    title="count the edges to and from each node",
    generator="graph",
    size="500k",
    sized=inputs.in_nodes,
    compared=answers.in_any_order,
    twinmill=("degrees",),
    fixed={"ids": "text"},
)
