"""sklearn.cluster.KMeans."""

from scikit_kmeans import run
from sklearn.cluster import KMeans

run(KMeans)
