"""A small neural network: one hidden layer of 16 tanh units, full-batch gradient descent on the mean log-loss. No job
of twinmill's does this, so the answers are compared with each other.

The first weight between unit i of a layer of n and unit j of the next one is sin(1 + i + n j) / sqrt(n); other numbers
begin at 0. The answer is a line for each number: its index and its value, a layer's weights by unit before its
constants.
"""

from harness import answers, inputs
from harness.registry import Workload

WORKLOAD = Workload(
    name="network",
    title="train a network with one hidden layer of {hidden} units, {iterations} steps",
    generator="labelled",
    size="200k",
    sized=inputs.in_records,
    compared=answers.in_any_order,
    tolerance=1e-9,
    twinmill=("network",),
    modes=(),
    parameters={
        "iterations": "20",
        "learning-rate": "0.5",
        "hidden": "16",
        "header": "",
        "separator": "",
        "label-column": "",
        "positive": "",
        "standardize": "",
    },
)
