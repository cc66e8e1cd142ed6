"""The rows of each key in the order of another column: those of a table's first column by its second. Equal ones keep
the order of the input."""

from harness import answers
from harness.registry import Workload

WORKLOAD = Workload(
    name="secondary-sort",
    title="sort the rows of each key by another column",
    generator="orders",
    size="128MiB",
    compared=answers.in_order_within_keys,
    twinmill=("secondary-sort",),
    fixed={"key": "1", "order": "2", "first": "", "format": "", "header": "", "null": ""},
)
