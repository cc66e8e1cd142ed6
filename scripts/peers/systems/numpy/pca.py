"""numpy.linalg.eigh of the covariances."""

import os

import numpy as np
from models import components, standardized
from program import run
from tables import features


def lines(source):
    variances, directions = np.linalg.eigh(np.atleast_2d(np.cov(standardized(features(source)), rowvar=False)))
    k = int(os.environ["K"] or len(variances))
    variances, directions = variances[::-1].clip(min=0), directions.T[::-1]
    return components(variances[:k], variances[:k] / variances.sum(), directions[:k])


run(lines)
