"""For each person the `k` who are no friends yet but have the most friends in common, the most first and then by id;
edges have no direction."""

from harness import answers, inputs
from harness.registry import Workload

WORKLOAD = Workload(
    name="people-you-may-know",
    title="for each person the {k} with the most friends in common",
    generator="graph",
    size="25k",
    sized=inputs.in_nodes,
    compared=answers.in_any_order,
    twinmill=("people-you-may-know",),
    options=("k",),
    parameters={"k": "10"},
    fixed={"ids": "text"},
)
