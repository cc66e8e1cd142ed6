"""Tables of numbers as arrays, for programs that have NumPy."""

import csv
import os
from pathlib import Path

import numpy as np
import reading
from columns import places

BETWEEN = os.environ["SEPARATOR"]
"""Between fields; a space is any number of them."""
HEADER = os.environ["HEADER"] == "yes"


def features(source: Path) -> np.ndarray:
    """The columns that the parameters ask for."""
    return table(source, places(os.environ["COLUMNS"]))


def table(source: Path, columns: list[int] | None = None, label: tuple[int, str] | None = None) -> np.ndarray:
    """The fields as numbers, one row a line; column `label[0]` is 1 where it reads `label[1]`, or is the same number,
    else 0."""
    positive = label and Positive(label[1])
    if os.environ["PLAIN_ROWS"] != "yes":
        with reading.characters(source) as text:
            return _unquoted(text, columns, label and label[0], positive)
    return np.loadtxt(
        source,
        delimiter=None if BETWEEN == " " else BETWEEN,
        comments=None,
        encoding=reading.ENCODING,
        skiprows=int(HEADER),
        usecols=columns,
        converters=positive and {label[0]: positive},
        ndmin=2,
    )


class Positive:
    """1 for fields that are the positive label."""

    def __init__(self, label: str):
        self.label, self.number, self.known = label, _number(label), {}

    def __call__(self, field: str) -> float:
        if field not in self.known:
            text = field.strip()
            same_number = self.number is not None and _number(text) == self.number
            self.known[field] = float(text == self.label or same_number)
        return self.known[field]


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _unquoted(text, columns: list[int] | None, label: int | None, positive: Positive | None) -> np.ndarray:
    """As csv reads it, a field at a time; blanks around quotes are no part of a field."""
    rows = csv.reader(text, delimiter=BETWEEN, skipinitialspace=True)
    if HEADER:
        next(rows)
    numbers = []
    for row in rows:
        if not any(field.strip() for field in row):
            continue
        row = row[: len(row) - (BETWEEN == " " and not row[-1])]
        wanted = range(len(row)) if columns is None else columns
        numbers.append([positive(row[place]) if place == label else float(row[place]) for place in wanted])
    return np.array(numbers)
