"""Points with labels as arrays, and z-scores, for libraries that fit models."""

import os

import numpy as np
import reading
from tables import table


def labelled(source: str) -> tuple[np.ndarray, np.ndarray]:
    """The features of the points, and their labels as 0 and 1."""
    column = int(os.environ["LABEL_COLUMN"] or 1) - 1
    points = table(source, label=(column, os.environ["POSITIVE"] or "1"))
    return np.ascontiguousarray(np.delete(points, column, axis=1)), points[:, column].copy()


def standardized(features: np.ndarray) -> np.ndarray:
    """z-scores with the population's standard deviation, when asked for; a column that never varies becomes 0."""
    if os.environ["STANDARDIZE"] != "yes":
        return features
    deviations = features.std(axis=0)
    return (features - features.mean(axis=0)) / np.where(deviations == 0, 1, deviations)


def first_weights(inputs: int, units: int) -> np.ndarray:
    """Of a layer, a row for each unit."""
    return np.sin(1 + np.arange(inputs)[None, :] + inputs * np.arange(units)[:, None]) / np.sqrt(inputs)


def written(output: str, *parts: np.ndarray) -> None:
    """The numbers of a network, one after the other."""
    numbers = np.concatenate([np.ravel(part) for part in parts]).tolist()
    reading.write(output, (b"%d\t%r\n" % (index, number) for index, number in enumerate(numbers)))
