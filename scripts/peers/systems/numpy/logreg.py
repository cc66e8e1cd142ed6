"""Gradient descent on the mean log-loss: two products of the matrix of points an iteration."""

import os

import numpy as np
from program import run, standardized, timed
from scipy.special import expit
from tables import table


def lines(source):
    rate = float(os.environ["LEARNING_RATE"])
    column = int(os.environ["LABEL_COLUMN"] or 1) - 1
    points = table(source, label=(column, os.environ["POSITIVE"] or "1"))
    labels = points[:, column].copy()
    features = standardized(np.delete(points, column, axis=1))
    x = np.column_stack([np.ones(len(features)), features])

    weights = np.zeros(x.shape[1])
    for _ in timed(int(os.environ["ITERATIONS"])):
        weights -= rate * (x.T @ (expit(x @ weights) - labels)) / len(x)
    return (b"%d\t%r\n" % (index, weight) for index, weight in enumerate(weights.tolist()))


run(lines)
