"""Backpropagation by hand: products of matrices."""

import os
import sys
import time

import numpy as np
from iterations import timed
from models import first_weights, labelled, standardized, written
from scipy.special import expit

started = time.perf_counter()
features, y = labelled(sys.argv[1])
x, units, rate = standardized(features), int(os.environ["HIDDEN"]), float(os.environ["LEARNING_RATE"])
first, of_first = first_weights(x.shape[1], units), np.zeros(units)
second, of_second = first_weights(units, 1), np.zeros(1)
for _ in timed(int(os.environ["ITERATIONS"])):
    hidden = np.tanh(x @ first.T + of_first)
    error = (expit(hidden @ second[0] + of_second) - y) / len(y)
    back = error[:, None] * second * (1 - hidden**2)
    second, of_second = second - rate * (error @ hidden)[None, :], of_second - rate * error.sum()
    first, of_first = first - rate * back.T @ x, of_first - rate * back.sum(axis=0)
written(sys.argv[2], first, of_first, second, of_second)
print(f"work_seconds={time.perf_counter() - started:.6f}")
