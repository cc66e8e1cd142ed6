"""Gradient descent on the mean log-loss: two products of the matrix of points an iteration."""

import os

import numpy as np
from iterations import timed
from models import labelled, standardized
from program import run
from scipy.special import expit


def lines(source):
    rate = float(os.environ["LEARNING_RATE"])
    features, labels = labelled(source)
    x = np.column_stack([np.ones(len(features)), standardized(features)])

    weights = np.zeros(x.shape[1])
    for _ in timed(int(os.environ["ITERATIONS"])):
        weights -= rate * (x.T @ (expit(x @ weights) - labels)) / len(x)
    return (b"%d\t%r\n" % (index, weight) for index, weight in enumerate(weights.tolist()))


run(lines)
