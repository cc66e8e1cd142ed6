"""sklearnex.cluster.KMeans, which is what patch_sklearn() puts in the place of scikit-learn's."""

from scikit_kmeans import run
from sklearnex.cluster import KMeans

run(KMeans)
