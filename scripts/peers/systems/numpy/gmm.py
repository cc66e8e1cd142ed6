"""Expectation and maximisation, with densities by SciPy's triangular solver."""

import os

import clusters
import numpy as np
from iterations import timed
from models import mixture
from program import run
from scipy.linalg import solve_triangular
from scipy.special import logsumexp
from tables import features

TINY = 10 * np.finfo(float).eps
"""What scikit-learn adds to the rows of a component, so that none has no rows."""


def lines(source):
    points, k = features(source), int(os.environ["K"])
    added = float(os.environ["REGULARIZE"]) * np.eye(points.shape[1])
    shares, means = np.full(k, 1 / k), clusters.first_distinct(points, k)
    covariances = np.array([np.atleast_2d(np.cov(points, rowvar=False, bias=True)) + added] * k)
    before = -np.inf
    for _ in timed(int(os.environ["ITERATIONS"])):
        logarithms = np.stack([density(points, *of) for of in zip(shares, means, covariances)], axis=1)
        densities = logsumexp(logarithms, axis=1)
        belongs = np.exp(logarithms - densities[:, None])
        rows = belongs.sum(axis=0) + TINY
        shares, means = rows / rows.sum(), belongs.T @ points / rows[:, None]
        covariances = np.array([scatter(points - mean, of) + added for mean, of in zip(means, (belongs / rows).T)])
        change, before = densities.mean() - before, densities.mean()
        if abs(change) < float(os.environ["TOLERANCE"]):
            break
    return mixture(shares, means, covariances)


def density(points: np.ndarray, share: float, mean: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """The logarithm of the share of a component times its density, at each point."""
    root = np.linalg.cholesky(covariance)
    scaled = solve_triangular(root, (points - mean).T, lower=True)
    height = np.log(share) - np.log(np.diag(root)).sum() - len(mean) / 2 * np.log(2 * np.pi)
    return height - np.square(scaled).sum(axis=0) / 2


def scatter(deviations: np.ndarray, belongs: np.ndarray) -> np.ndarray:
    return (belongs[:, None] * deviations).T @ deviations


run(lines)
