"""Logistic regression by full-batch gradient descent: the mean log-loss, from zero weights, a fixed number of steps.

A point is a label and features, separated by commas, TABs or spaces. The label is the first field or field
`label-column`, counted from 1; it is positive when it reads `positive`. `standardize` makes z-scores of the features,
with the population's standard deviation.
"""

from harness import answers, inputs
from harness.registry import Workload

WORKLOAD = Workload(
    name="logreg",
    title="logistic regression, {iterations} steps of gradient descent",
    generator="labelled",
    size="2M",
    sized=inputs.in_records,
    compared=answers.in_any_order,
    tolerance=1e-9,
    twinmill=("logreg",),
    options=("iterations", "learning-rate", "header", "separator", "label-column", "positive", "standardize"),
    parameters={
        "iterations": "20",
        "learning-rate": "0.1",
        "header": "",
        "separator": "",
        "label-column": "",
        "positive": "",
        "standardize": "",
    },
)
