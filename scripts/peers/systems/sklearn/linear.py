"""LinearRegression, and Ridge where weights are weighed."""

import os

from models import explained, weights
from program import run
from sklearn.linear_model import LinearRegression, Ridge


def lines(source):
    ridge = float(os.environ["RIDGE"])
    fitted = (Ridge(alpha=ridge) if ridge else LinearRegression()).fit(*explained(source))
    return weights(fitted.intercept_, fitted.coef_)


run(lines)
