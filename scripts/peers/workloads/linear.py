"""Linear regression by least squares, in closed form; `ridge` times the sum of the squared weights, without the
intercept, is added to the squared errors. The number to be explained is the first field or field `label-column`; the
rest is as in `logreg`."""

from harness import answers, inputs
from harness.registry import Workload

WORKLOAD = Workload(
    name="linear",
    title="linear regression by least squares",
    generator="labelled",
    size="1M",
    sized=inputs.in_records,
    compared=answers.in_any_order,
    tolerance=1e-9,
    twinmill=("linear",),
    options=("header", "separator", "label-column", "ridge"),
    parameters={"header": "", "separator": "", "label-column": "", "ridge": "0"},
    fixed={"columns": "", "format": "", "null": "", "test": ""},
)
