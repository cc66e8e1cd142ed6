"""Points with labels as arrays, z-scores, and models as they are written, for libraries that fit models."""

import os
from collections.abc import Iterator

import numpy as np
import reading
from tables import table


def labelled(source: str) -> tuple[np.ndarray, np.ndarray]:
    """The features of the points, and their labels as 0 and 1."""
    column = int(os.environ["LABEL_COLUMN"] or 1) - 1
    points = table(source, label=(column, os.environ["POSITIVE"] or "1"))
    return np.ascontiguousarray(np.delete(points, column, axis=1)), points[:, column].copy()


def explained(source: str) -> tuple[np.ndarray, np.ndarray]:
    """The features of the points, and the numbers that they explain."""
    column = int(os.environ["LABEL_COLUMN"] or 1) - 1
    points = table(source)
    return np.delete(points, column, axis=1), points[:, column].copy()


def standardized(features: np.ndarray) -> np.ndarray:
    """z-scores with the population's standard deviation, when asked for; a column that never varies becomes 0."""
    if os.environ["STANDARDIZE"] != "yes":
        return features
    deviations = features.std(axis=0)
    return (features - features.mean(axis=0)) / np.where(deviations == 0, 1, deviations)


def weights(intercept: float, others: np.ndarray) -> Iterator[bytes]:
    return (b"%d\t%r\n" % (index, weight) for index, weight in enumerate([float(intercept), *others.tolist()]))


def components(variances: np.ndarray, shares: np.ndarray, directions: np.ndarray) -> Iterator[bytes]:
    """Principal components, the number farthest from 0 of each direction, which is a row, made positive."""
    farthest = np.abs(directions).argmax(axis=1)[:, None]
    pointed = directions * np.where(np.take_along_axis(directions, farthest, axis=1) < 0, -1, 1)
    for place, (variance, share, direction) in enumerate(zip(variances, shares, pointed), 1):
        yield b"%d\t%r\t%r\t%b\n" % (place, float(variance), float(share), _listed(direction))


def statistics(rows, *numbers) -> Iterator[bytes]:
    """Of each column its number of rows, and numbers that are told of it."""
    for place, (count, *of_column) in enumerate(zip(rows, *numbers), 1):
        told = "\t".join(repr(float(number)) for number in of_column)
        yield f"{place}\t{count}\t{told}\n".encode()


def mixture(shares: np.ndarray, means: np.ndarray, covariances: np.ndarray) -> Iterator[bytes]:
    """The components of a mixture of Gaussians."""
    for place, (share, mean, covariance) in enumerate(zip(shares, means, covariances)):
        yield b"%d\t%r\t%b\t%b\n" % (place, float(share), _listed(mean), _listed(covariance))


def _listed(numbers: np.ndarray) -> bytes:
    return ",".join(map(repr, numbers.ravel().tolist())).encode()


def first_weights(inputs: int, units: int) -> np.ndarray:
    """Of a layer, a row for each unit."""
    return np.sin(1 + np.arange(inputs)[None, :] + inputs * np.arange(units)[:, None]) / np.sqrt(inputs)


def written(output: str, *parts: np.ndarray) -> None:
    """The numbers of a network, one after the other."""
    numbers = np.concatenate([np.ravel(part) for part in parts]).tolist()
    reading.write(output, (b"%d\t%r\n" % (index, number) for index, number in enumerate(numbers)))
