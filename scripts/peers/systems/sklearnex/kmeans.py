"""sklearn.cluster.KMeans from given seeds, with a tolerance of 0, patched by sklearnex.

It ends by assigning the points to the last centroids, so the last iteration of Lloyd's is: fit one iteration less, and
take the means. It stops before only where nothing would change any more.
"""

import os

os.environ["OMP_NUM_THREADS"] = os.environ["CPUS"]  # read once, on import

import sys
import time
from pathlib import Path

import numpy as np
from sklearnex import patch_sklearn

patch_sklearn(verbose=False)
from sklearn.cluster import KMeans
from sklearn.preprocessing import StandardScaler
from tables import columns, table


source, output = Path(sys.argv[1]), Path(sys.argv[2])
k, iterations = int(os.environ["K"]), int(os.environ["ITERATIONS"])
if iterations < 2:
    sys.exit("needs 2 iterations")
started = time.perf_counter()

points = table(source, columns(os.environ["COLUMNS"]))
if os.environ["STANDARDIZE"] == "yes":
    points = StandardScaler().fit_transform(points)

seeds = {}
for point in points:
    seeds.setdefault(tuple(point), point)
    if len(seeds) == k:
        break
init = np.array(list(seeds.values()))
fitted = KMeans(k, init=init, n_init=1, max_iter=iterations - 1, tol=0, algorithm="lloyd").fit(points)
counts = np.bincount(fitted.labels_, minlength=k)
sums = np.column_stack([np.bincount(fitted.labels_, weights=column, minlength=k) for column in points.T])

output.mkdir()
with open(output / "part", "w") as part:
    for cluster, (count, total) in enumerate(zip(counts.tolist(), sums)):
        centroid = total / count if count else fitted.cluster_centers_[cluster]
        part.write(f"{cluster}\t{count}\t{','.join(map(repr, centroid.tolist()))}\n")

print(f"work_seconds={time.perf_counter() - started:.6f}")
