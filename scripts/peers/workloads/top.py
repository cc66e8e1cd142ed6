"""The records with the greatest numbers, of records that are a key, a TAB and a number. Equal numbers are in the order
of their keys."""

from harness import answers, inputs
from harness.registry import Workload

WORKLOAD = Workload(
    name="top",
    title="the {k} records with the greatest numbers",
    generator="graph",
    size="4M",
    sized=inputs.in_records,
    compared=answers.in_order,
    twinmill=("top",),
    options=("k",),
    parameters={"k": "10"},
)
