"""A linear support vector machine: the least of half the squared weights, that of the intercept included, and `c` times
the squared distances of the rows on the wrong side of their margin.

There is one least place, which programs come near to until rounding hides it: a cost near its least is flat, so the
weights agree to half of the digits only, hence the tolerance. Labels are as in `logreg`.
"""

from harness import answers, inputs
from harness.registry import Workload

WORKLOAD = Workload(
    name="svm",
    title="a linear support vector machine, C = {c}",
    generator="labelled",
    size="1M",
    sized=inputs.in_records,
    compared=answers.in_any_order,
    tolerance=1e-6,
    twinmill=("svm",),
    options=("c", "header", "separator", "label-column", "positive", "standardize"),
    parameters={
        "c": "1",
        "header": "",
        "separator": "",
        "label-column": "",
        "positive": "",
        "standardize": "",
    },
    fixed={"iterations": "100", "tolerance": "1e-12", "columns": "", "format": "", "null": "", "test": ""},
)
