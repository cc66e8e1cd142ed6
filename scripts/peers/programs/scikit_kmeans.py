"""KMeans of scikit-learn, from given seeds, with a tolerance of 0.

It ends by assigning the points to the last centroids, so the last iteration of Lloyd's is: fit one iteration less, and
take the means. It stops before only where nothing would change any more.
"""

import os
import sys
import time

import clusters
import reading
from sklearn.preprocessing import StandardScaler
from tables import features


def run(kmeans: type) -> None:
    """Write the clusters that `kmeans`, scikit-learn's or a class with its calls, finds in the input."""
    k, iterations = int(os.environ["K"]), int(os.environ["ITERATIONS"])
    if iterations < 2:
        sys.exit("needs 2 iterations")
    started = time.perf_counter()
    points = features(sys.argv[1])
    if os.environ["STANDARDIZE"] == "yes":
        points = StandardScaler().fit_transform(points)
    seeds = clusters.first_distinct(points, k)
    fitted = kmeans(k, init=seeds, n_init=1, max_iter=iterations - 1, tol=0, algorithm="lloyd").fit(points)
    reading.write(sys.argv[2], clusters.lines(*clusters.means(points.T, fitted.labels_, fitted.cluster_centers_)))
    print(f"work_seconds={time.perf_counter() - started:.6f}")
