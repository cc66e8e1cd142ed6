"""Digests of answers. Two systems agree when their digests do; file names and part boundaries do not count, nor do
carriage returns: readers of CSV take CR LF for one line end, and gensort's records have both.

Sums of floating-point numbers depend on their order, so tables of numbers agree within a tolerance: `Agreement`.

The bytes go through a pipe, so that this process stays small (see `measure`).
"""

import hashlib
import math
import os
import re
import subprocess
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path

from .registry import Answer


def part_files(output: Path) -> list[Path]:
    """The data files of an output folder in name order, without `_SUCCESS`, checksums and temporary files."""
    files = [path for path in output.rglob("*") if path.is_file() and path.name[0] not in "._"]
    return sorted(files)


def in_order(parts: list[Path]) -> Answer:
    """For answers whose order is the answer: the parts' bytes, end to end."""
    return _digest(["cat", "--", *parts])


def in_any_order(parts: list[Path]) -> Answer:
    """For answers that are sets of lines."""
    return _digest(["sort", "-S", "256M", "--", *parts])


def _digest(command: list) -> Answer:
    digest = hashlib.blake2b(digest_size=16)
    lines = size = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "LC_ALL": "C"}) as process:
        while chunk := process.stdout.read(1 << 18):
            chunk = chunk.replace(b"\r", b"")
            digest.update(chunk)
            lines += chunk.count(b"\n")
            size += len(chunk)
    if process.returncode != 0:
        raise OSError(f"{command[0]} ended with status {process.returncode}")
    return Answer(digest.hexdigest(), lines, size)


class Agreement:
    """Which answers of a session agree. Keeps a sorted copy in `folder` of each answer that agrees with none before."""

    def __init__(self, folder: Path, tolerance: float | None):
        self._folder = folder
        self._tolerance = tolerance
        self._placed: dict[str, Answer] = {}

    def place(self, answer: Answer, parts: list[Path]) -> Answer:
        """The answer with what it agrees with filled in."""
        if answer.digest not in self._placed:
            self._placed[answer.digest] = self._compared(answer, parts)
        return self._placed[answer.digest]

    def _compared(self, answer: Answer, parts: list[Path]) -> Answer:
        itself = replace(answer, agrees_with=answer.digest)
        if self._tolerance is None:
            return itself
        table = self._folder / answer.digest
        subprocess.run(["sort", "-S", "256M", "-o", table, "--", *parts], check=True, env={**os.environ, "LC_ALL": "C"})
        for first in [placed for placed in self._placed.values() if placed.agrees_with == placed.digest]:
            difference = largest_difference(table, self._folder / first.digest)
            if difference <= self._tolerance:
                table.unlink()
                return replace(answer, agrees_with=first.digest, difference=difference)
        return itself


def largest_difference(one: Path, other: Path) -> float:
    """The largest difference of two numbers at the same place of two sorted tables.

    A line is a key, a TAB, and numbers separated by TABs or commas. Infinite when keys or numbers of numbers differ.
    """
    largest = 0.0
    with open(one, "rb") as left, open(other, "rb") as right:
        for lines in zip_longest(left, right, fillvalue=b""):
            if lines[0] != lines[1]:
                largest = max(largest, _difference(*lines))
                if largest == math.inf:
                    break
    return largest


def _difference(one: bytes, other: bytes) -> float:
    (key, _, left), (other_key, _, right) = one.partition(b"\t"), other.partition(b"\t")
    left, right = _numbers(left), _numbers(right)
    if key != other_key or left is None or right is None or len(left) != len(right):
        return math.inf
    gaps = [abs(a - b) for a, b in zip(left, right) if a != b]
    return math.inf if any(map(math.isnan, gaps)) else max(gaps, default=0.0)


def _numbers(fields: bytes) -> list[float] | None:
    try:
        return [float(field) for field in re.split(rb"[\t,]", fields.rstrip())]
    except ValueError:
        return None
