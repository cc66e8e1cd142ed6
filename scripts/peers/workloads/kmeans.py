"""k-means by Lloyd's iterations, a fixed number of them, from the first k distinct points.

Distances are sums of squares in the order of the columns, ties go to the lowest cluster, an empty cluster keeps its
centroid. A cluster's count is the number of points that its centroid is the mean of: those of the last assignment.
`columns` picks features, as in `1,3-5`, counted from 1; the rest is as in `logreg`.
"""

from harness import answers, inputs
from harness.registry import Workload

WORKLOAD = Workload(
    name="kmeans",
    title="k-means, k = {k}, {iterations} iterations",
    generator="points",
    size="1M",
    sized=inputs.in_records,
    compared=answers.in_any_order,
    tolerance=1e-9,
    twinmill=("kmeans",),
    options=("k", "iterations", "header", "separator", "columns", "standardize"),
    parameters={"k": "10", "iterations": "10", "header": "", "separator": "", "columns": "", "standardize": ""},
    fixed={"tolerance": "0", "centroids": ""},
)
