"""The rows of two tables that have the same first column, side by side."""

from harness import answers
from harness.registry import Workload

WORKLOAD = Workload(
    name="join",
    title="join two tables on their first columns ({how})",
    generator="orders",
    size="128MiB",
    further=(("customers", "--records", "100000"),),
    files=("left", "right"),
    compared=answers.in_any_order,
    twinmill=("join",),
    options=("how",),
    parameters={"how": "inner", "strategy": "shuffle"},
    fixed={"on": "1", "left": "", "right": "", "format": "", "header": "", "null": ""},
)
