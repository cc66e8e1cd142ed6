"""Some columns of the rows of a table that meet a condition.

`columns` lists columns, such as `1,3-5`, and `where` is a condition on one of them, such as `4 >= 8`, all counted from
1; without them, all rows and columns stay. A number is compared with by value, anything else by its bytes.
"""

from harness import answers
from harness.registry import Workload

WORKLOAD = Workload(
    name="select",
    title="some columns of the rows of a table that meet a condition",
    generator="orders",
    size="256MiB",
    compared=answers.in_any_order,
    twinmill=("select",),
    options=("columns", "where"),
    parameters={"columns": "", "where": ""},
    fixed={"format": "", "header": "", "null": ""},
)
