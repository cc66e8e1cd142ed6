"""mean, std, min and max."""

import os

from models import statistics
from program import run
from tables import features


def lines(source):
    points = features(source)
    deviations = points.std(axis=0, ddof=int(os.environ["SAMPLE"] == "yes"))
    rows = [len(points)] * points.shape[1]
    return statistics(rows, points.mean(axis=0), deviations, points.min(axis=0), points.max(axis=0))


run(lines)
