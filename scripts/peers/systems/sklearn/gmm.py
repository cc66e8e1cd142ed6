"""sklearn.mixture.GaussianMixture, from a start that is given. That it has not ended is no news here."""

import os
import warnings

import clusters
import numpy as np
from models import mixture
from program import run
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from tables import features

warnings.simplefilter("ignore", ConvergenceWarning)


def lines(source):
    points, k, added = features(source), int(os.environ["K"]), float(os.environ["REGULARIZE"])
    covariance = np.atleast_2d(np.cov(points, rowvar=False, bias=True)) + added * np.eye(points.shape[1])
    fitted = GaussianMixture(
        k,
        tol=float(os.environ["TOLERANCE"]),
        reg_covar=added,
        max_iter=int(os.environ["ITERATIONS"]),
        weights_init=np.full(k, 1 / k),
        means_init=clusters.first_distinct(points, k),
        precisions_init=np.array([np.linalg.inv(covariance)] * k),
    ).fit(points)
    return mixture(fitted.weights_, fitted.means_, fitted.covariances_)


run(lines)
