"""numpy.linalg.lstsq of deviations from the means. The squared weights of a ridge are the errors of further rows."""

import os

import numpy as np
from models import explained, weights
from program import run


def lines(source):
    x, y = explained(source)
    means, mean = x.mean(axis=0), y.mean()
    rows = np.sqrt(float(os.environ["RIDGE"])) * np.eye(x.shape[1])
    found = np.linalg.lstsq(np.vstack([x - means, rows]), np.r_[y - mean, np.zeros(len(rows))])[0]
    return weights(mean - means @ found, found)


run(lines)
