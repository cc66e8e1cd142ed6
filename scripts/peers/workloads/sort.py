"""The lines of a text in byte order."""

from harness import answers
from harness.registry import Workload

WORKLOAD = Workload(
    name="sort",
    title="sort the lines of a text",
    generator="text",
    size="512MiB",
    compared=answers.in_order,
    twinmill=("sort",),
    fixed={"total-order": "true"},
)
