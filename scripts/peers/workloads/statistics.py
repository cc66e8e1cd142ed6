"""Rows, mean, standard deviation, least and greatest number of each column of a table.

The deviation is the population's, or a sample's with `sample`. `columns` picks columns, as in `kmeans`.
"""

from harness import answers, inputs
from harness.registry import Workload

WORKLOAD = Workload(
    name="statistics",
    title="mean, deviation and range of each column",
    generator="points",
    size="1M",
    sized=inputs.in_records,
    compared=answers.in_any_order,
    tolerance=1e-9,
    twinmill=("statistics",),
    options=("header", "separator", "columns", "sample"),
    parameters={"header": "", "separator": "", "columns": "", "sample": ""},
    fixed={"format": "", "null": ""},
)
