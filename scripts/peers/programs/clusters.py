"""The seeds of k-means and its answer, for libraries that find the clusters."""

from collections.abc import Iterator

import numpy as np


def first_distinct(points: np.ndarray, k: int) -> np.ndarray:
    """The first `k` points that are unlike all points before them."""
    seeds = {}
    for point in points:
        seeds.setdefault(tuple(point), point)
        if len(seeds) == k:
            return np.array(list(seeds.values()))
    raise SystemExit(f"{len(seeds)} distinct points for {k} clusters")


def means(by_column: np.ndarray, assigned: np.ndarray, before: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The number of points of each cluster, and their mean; a cluster without points stays where it was `before`."""
    k = len(before)
    counts = np.bincount(assigned, minlength=k)
    sums = np.column_stack([np.bincount(assigned, weights=column, minlength=k) for column in by_column])
    filled, centroids = counts > 0, before.copy()
    centroids[filled] = sums[filled] / counts[filled, None]
    return counts, centroids


def lines(counts: np.ndarray, centroids: np.ndarray) -> Iterator[bytes]:
    for cluster, (count, centroid) in enumerate(zip(counts.tolist(), centroids.tolist())):
        yield f"{cluster}\t{count}\t{','.join(map(repr, centroid))}\n".encode()
