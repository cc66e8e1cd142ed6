"""Principal components: of each, its variance in a sample, its share of all variance, and its direction, of the two the
one whose number farthest from 0 is positive. All components, or the first `k`; the rest is as in `kmeans`."""

from harness import answers, inputs
from harness.registry import Workload

WORKLOAD = Workload(
    name="pca",
    title="the principal components of a table",
    generator="points",
    size="1M",
    sized=inputs.in_records,
    compared=answers.in_any_order,
    tolerance=1e-9,
    twinmill=("pca",),
    options=("k", "header", "separator", "columns", "standardize"),
    parameters={"k": "", "header": "", "separator": "", "columns": "", "standardize": ""},
    fixed={"format": "", "null": "", "test": ""},
)
