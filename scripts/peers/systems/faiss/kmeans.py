"""Lloyd's iterations with faiss.IndexFlatL2. Where the two nearest centroids are as good as equal in single precision,
the squares are added up again in double."""

import os
import sys
import time

import clusters
import faiss
import numpy as np
import reading
from iterations import timed
from models import standardized
from tables import features

CLOSE = 1e-4
"""Distances that differ by a smaller part may be told apart wrongly."""

faiss.omp_set_num_threads(int(os.environ["CPUS"]))


def nearest(points: np.ndarray, single: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    index = faiss.IndexFlatL2(points.shape[1])
    index.add(centroids.astype(np.float32))
    distances, found = index.search(single, min(2, len(centroids)))
    nearest = found[:, 0]
    close = np.flatnonzero(distances[:, -1] - distances[:, 0] <= CLOSE * (distances[:, -1] + 1))
    if len(centroids) > 1:
        apart = np.square(points[close, None, :] - centroids[None, :, :])
        nearest[close] = np.cumsum(apart, axis=2)[:, :, -1].argmin(axis=1)
    return nearest


started = time.perf_counter()
points = standardized(features(sys.argv[1]))
centroids = clusters.first_distinct(points, int(os.environ["K"]))
single = points.astype(np.float32)
for _ in timed(int(os.environ["ITERATIONS"])):
    counts, centroids = clusters.means(points.T, nearest(points, single, centroids), centroids)
reading.write(sys.argv[2], clusters.lines(counts, centroids))
print(f"work_seconds={time.perf_counter() - started:.6f}")
