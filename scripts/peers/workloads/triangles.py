"""For each node of a graph the triangles that it is in. Edges have no direction, count once, and lead to another
node."""

from harness import answers, inputs
from harness.registry import Workload

WORKLOAD = Workload(
    name="triangles",
    title="count the triangles of each node",
    generator="graph",
    size="125k",
    sized=inputs.in_nodes,
    compared=answers.in_any_order,
    twinmill=("triangles",),
    fixed={"ids": "text"},
)
