"""Edges that do not go back, each once."""

from harness import answers, inputs
from harness.registry import Workload

WORKLOAD = Workload(
    name="asymmetric-friends",
    title="the edges that do not go back",
    generator="graph",
    size="250k",
    sized=inputs.in_nodes,
    compared=answers.in_any_order,
    twinmill=("asymmetric-friends",),
    fixed={"ids": "text"},
)
