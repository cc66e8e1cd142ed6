"""Lloyd's iterations. Squares are added up in the order of the columns, so that ties are everyone's ties.

scipy's kmeans2 does the same, but does not say how many points a centroid is the mean of.
"""

import os

import clusters
import numpy as np
from iterations import timed
from models import standardized
from program import run
from tables import features

BLOCK = 8192
"""Points whose distances are computed at a time: they stay in the processor's cache."""


def lines(source):
    points = standardized(features(source))
    centroids = clusters.first_distinct(points, int(os.environ["K"]))
    by_column = np.ascontiguousarray(points.T)
    for _ in timed(int(os.environ["ITERATIONS"])):
        counts, centroids = clusters.means(by_column, assign(by_column, centroids), centroids)
    return clusters.lines(counts, centroids)


def assign(by_column: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    """The lowest of the nearest clusters, for each point."""
    nearest = np.empty(by_column.shape[1], dtype=np.int64)
    for start in range(0, len(nearest), BLOCK):
        block = by_column[:, start : start + BLOCK]
        distances = np.stack([np.square(block - centroid[:, None]).sum(axis=0) for centroid in centroids], axis=1)
        nearest[start : start + BLOCK] = distances.argmin(axis=1)
    return nearest


run(lines)
