"""A mixture of Gaussians by expectation and maximisation.

It starts from equal weights, the first k distinct points and the covariance of all, `regularize` is added to
variances, and it ends when the mean log-likelihood changes by less than `tolerance`, or after `iterations`. The answer
is the weight, the mean and the covariance of each component. `columns` is as in `kmeans`.
"""

from harness import answers, inputs
from harness.registry import Workload

WORKLOAD = Workload(
    name="gmm",
    title="a mixture of {k} Gaussians, at most {iterations} iterations",
    generator="points",
    size="100k",
    sized=inputs.in_records,
    compared=answers.in_any_order,
    tolerance=1e-9,
    twinmill=("gmm",),
    options=("k", "iterations", "tolerance", "regularize", "header", "separator", "columns"),
    parameters={
        "k": "10",
        "iterations": "20",
        "tolerance": "0.001",
        "regularize": "1e-6",
        "header": "",
        "separator": "",
        "columns": "",
    },
    fixed={"centroids": "", "format": "", "null": "", "test": ""},
)
