"""Lloyd's iterations. Squares are added up in the order of the columns, so that ties are everyone's ties.

scipy's kmeans2 does the same, but does not say how many points a centroid is the mean of.
"""

import os

import numpy as np
from program import run, standardized, timed
from tables import columns, table

BLOCK = 8192
"""Points whose distances are computed at a time: they stay in the processor's cache."""


def lines(source):
    k = int(os.environ["K"])
    points = standardized(table(source, columns(os.environ["COLUMNS"])))
    centroids = np.array(first_distinct(points, k))
    by_column = np.ascontiguousarray(points.T)
    for _ in timed(int(os.environ["ITERATIONS"])):
        nearest = assign(by_column, centroids)
        counts = np.bincount(nearest, minlength=k)
        sums = np.column_stack([np.bincount(nearest, weights=column, minlength=k) for column in by_column])
        filled = counts > 0
        centroids[filled] = sums[filled] / counts[filled, None]
    return (
        f"{cluster}\t{count}\t{','.join(map(repr, centroid))}\n".encode()
        for cluster, (count, centroid) in enumerate(zip(counts.tolist(), centroids.tolist()))
    )


def assign(by_column: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    """The lowest of the nearest clusters, for each point."""
    nearest = np.empty(by_column.shape[1], dtype=np.int64)
    for start in range(0, len(nearest), BLOCK):
        block = by_column[:, start : start + BLOCK]
        distances = np.stack([np.square(block - centroid[:, None]).sum(axis=0) for centroid in centroids], axis=1)
        nearest[start : start + BLOCK] = distances.argmin(axis=1)
    return nearest


def first_distinct(points: np.ndarray, k: int) -> list:
    """The first `k` points that are unlike all points before them."""
    seeds = {}
    for point in points:
        seeds.setdefault(tuple(point), point)
        if len(seeds) == k:
            return list(seeds.values())
    raise SystemExit(f"{len(seeds)} distinct points for {k} clusters")


run(lines)
