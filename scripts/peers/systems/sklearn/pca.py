"""sklearn.decomposition.PCA."""

import os

from models import components
from program import run
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler
from tables import features


def lines(source):
    points = features(source)
    if os.environ["STANDARDIZE"] == "yes":
        points = StandardScaler().fit_transform(points)
    fitted = PCA(int(os.environ["K"] or points.shape[1])).fit(points)
    return components(fitted.explained_variance_, fitted.explained_variance_ratio_, fitted.components_)


run(lines)
