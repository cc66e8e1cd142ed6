"""sklearn.svm.LinearSVC. `dual=False` is what it takes where there are more rows than features; it ends where the cost
falls no more."""

import os

from models import labelled, weights
from program import run
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC


def lines(source):
    features, labels = labelled(source)
    if os.environ["STANDARDIZE"] == "yes":
        features = StandardScaler().fit_transform(features)
    fitted = LinearSVC(C=float(os.environ["C"]), dual=False, tol=1e-12).fit(features, labels)
    return weights(fitted.intercept_[0], fitted.coef_[0])


run(lines)
