"""100-byte records, sorted by their 10-byte key. They are printable and end in a newline, so they are lines as well.

Systems that sort whole lines give the same order but for keys that repeat, whose records may come in any order.
"""

from harness import answers
from harness.registry import Workload

WORKLOAD = Workload(
    name="terasort",
    title="sort 100-byte records by their 10-byte key",
    generator="terasort",
    size="1GB",
    compared=answers.in_order_of_keys,
    twinmill=("terasort",),
)
