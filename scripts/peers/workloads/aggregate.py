"""Groups of a table's rows, with counts, sums, means, extremes and numbers of distinct values.

`group-by` lists columns, and `agg` functions of columns, such as `count,sum:4`, both counted from 1; without both, the
rows of each value of the first column are counted. Sums are exact in twinmill; other programs add floating point up.
"""

from harness import answers
from harness.registry import Workload

WORKLOAD = Workload(
    name="aggregate",
    title="aggregate the groups of a table",
    generator="orders",
    size="256MiB",
    compared=answers.in_any_order,
    tolerance=1e-9,
    twinmill=("aggregate",),
    options=("group-by", "agg"),
    parameters={"group-by": "", "agg": ""},
    fixed={"format": "", "header": "", "null": ""},
)
