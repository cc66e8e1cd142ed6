"""Weakly connected components, each labelled with its smallest id in byte order. Labels are exact, so no tolerance."""

from harness import answers, inputs
from harness.registry import Workload

WORKLOAD = Workload(
    name="components",
    title="the weakly connected components of a graph",
    generator="graph",
    size="1M",
    sized=inputs.in_nodes,
    compared=answers.in_any_order,
    twinmill=("components",),
    fixed={"ids": "text"},
)
