"""How many edges the shortest way from a node to each other one has, along the edges. The node is the one with the
first id, if none is named; -1 stands where no way leads."""

from harness import answers, inputs
from harness.registry import Workload

WORKLOAD = Workload(
    name="bfs",
    title="the levels of a breadth-first search",
    generator="graph",
    size="250k",
    sized=inputs.in_nodes,
    compared=answers.in_any_order,
    twinmill=("bfs",),
    options=("source",),
    parameters={"source": ""},
    fixed={"ids": "text"},
)
