"""Digests of answers. Two systems agree when their digests do; file names and part boundaries do not count.

Sums of floating-point numbers depend on their order, so tables of numbers agree within a tolerance: `Agreement`.

The bytes go through a pipe, so that this process stays small (see `measure`).
"""

import hashlib
import math
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby, zip_longest
from pathlib import Path

from . import layout
from .children import dies_with_parent
from .data import Data
from .registry import Answer, Workload, variables


def part_files(output: Path) -> list[Path]:
    """The parts of an output folder, or the files of a folder that is a part, in name order. What lies beside them is
    none: `_SUCCESS`, checksums, pages."""
    files = [path for path in output.rglob("*") if path.is_file() and path.name[0] not in "._"]
    files = [path for path in files if any(name.startswith("part") for name in path.relative_to(output).parts)]
    return sorted(files)


def in_order(parts: list[Path]) -> Iterator[bytes]:
    """For answers whose order is the answer: the parts' bytes, end to end."""
    return _printed(["cat", "--", *parts])


def in_any_order(parts: list[Path]) -> Iterator[bytes]:
    """For answers that are sets of lines."""
    return _printed(["sort", "-S", "256M", "--", *parts])


def in_order_of_keys(parts: list[Path]) -> Iterator[bytes]:
    """For records of 100 bytes in the order of their first ten, where those of one key have no order."""
    rest = b""
    for chunk in _printed(["cat", "--", *parts]):
        rest += chunk
        records = [rest[start : start + 100] for start in range(0, len(rest) - len(rest) % 100, 100)]
        last = records[-1][:10] if records else b""
        # More records of the last key may follow.
        complete = next((count for count in range(len(records), 0, -1) if records[count - 1][:10] != last), 0)
        if complete:
            yield from _by_key(records[:complete])
            rest = rest[100 * complete :]
    whole = len(rest) // 100
    yield from _by_key([rest[100 * place : 100 * (place + 1)] for place in range(whole)])
    yield rest[100 * whole :]


def in_order_within_keys(parts: list[Path]) -> Iterator[bytes]:
    """For lines whose order matters within those of a key, the first field; keys come in any order."""
    return _printed(["sort", "-s", "-t", "\t", "-k", "1,1", "-S", "256M", "--", *parts])


def _by_key(records: list[bytes]) -> Iterator[bytes]:
    """The records, those of one key in byte order."""
    if len({record[:10] for record in records}) == len(records):
        yield b"".join(records)
        return
    for _, group in groupby(records, key=lambda record: record[:10]):
        yield b"".join(sorted(group))


def digest(chunks: Iterator[bytes]) -> Answer:
    """The digest of an answer in the form in which it is compared."""
    seen = hashlib.blake2b(digest_size=16)
    lines = size = 0
    for chunk in chunks:
        seen.update(chunk)
        lines += chunk.count(b"\n")
        size += len(chunk)
    return Answer(seen.hexdigest(), lines, size)


def _first_difference(ours: Iterator[bytes], theirs: Iterator[bytes]) -> dict | None:
    for number, (one, other) in enumerate(zip_longest(_lines(ours), _lines(theirs)), 1):
        if one != other:
            return {"line": number, "ours": _shown(one), "theirs": _shown(other)}
    return None


def _lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
    if rest:
        yield rest


def _shown(line: bytes | None) -> str | None:
    """A line as text of one line, none of which is a control character."""
    if line is None:
        return None
    text = repr(line[:_SHOWN_BYTES])[2:-1]
    return text if len(line) <= _SHOWN_BYTES else f"{text}… ({len(line)} bytes)"


_SHOWN_BYTES = 60


def _printed(command: list, **more: str) -> Iterator[bytes]:
    """Yields what a process prints; the process ends when its reader does."""
    environment = {**os.environ, "LC_ALL": "C", **more}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, preexec_fn=dies_with_parent) as process:
        try:
            while chunk := process.stdout.read(1 << 18):
                yield chunk
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        raise OSError(f"{command[0]} ended with status {process.returncode}")


class Agreement:
    """Groups the answers to a workload over an input that agree. Keeps a sorted copy in `folder` of each answer that
    agrees with none before."""

    def __init__(self, folder: Path, workload: Workload, parameters: dict[str, str], data: Data):
        self._folder = folder
        self._workload = workload
        self._parameters = parameters
        self._data = data
        self._placed: dict[str, Answer] = {}

    def place(self, parts: list[Path]) -> Answer:
        """The answer in these files, with what it agrees with."""
        answer = digest(self._workload.compared(parts))
        if answer.digest not in self._placed:
            self._placed[answer.digest] = self._compared(answer, parts)
        return self._placed[answer.digest]

    def first_difference(self, ours: list[Path], theirs: list[Path]) -> dict | None:
        """The first line at which two answers differ: its number, and what each has there, `None` behind its end."""
        return _first_difference(self._told(ours), self._told(theirs))

    def _told(self, parts: list[Path]) -> Iterator[bytes]:
        """An answer as it is compared with others."""
        judge = self._workload.judge
        if judge is None:
            return self._workload.compared(parts)
        inputs = [file.path for file in self._data.files]
        command = [sys.executable, "-B", layout.PEERS / "programs" / judge, *inputs, "--", *parts]
        return _printed(command, **variables(self._parameters))

    def _compared(self, answer: Answer, parts: list[Path]) -> Answer:
        itself, tolerance = replace(answer, agrees_with=answer.digest), self._workload.tolerance
        if tolerance is None:
            return itself
        table = self._folder / f"answer-{answer.digest}"
        with open(table, "wb") as copy:
            copy.writelines(self._told(parts))
        for first in [placed for placed in self._placed.values() if placed.agrees_with == placed.digest]:
            difference = largest_difference(table, self._folder / f"answer-{first.digest}")
            if difference <= tolerance:
                table.unlink()
                return replace(answer, agrees_with=first.digest, difference=difference)
        return itself


def largest_difference(one: Path, other: Path) -> float:
    """The largest difference of two numbers at the same place of two sorted tables, as a part of the larger one where
    that is over 1: a number of many digits has as many that are right.

    A line is fields separated by TABs or commas, the first of them a key. Infinite when keys, texts or numbers of
    fields differ.
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
    left, right = _FIELDS.split(one.rstrip(b"\n")), _FIELDS.split(other.rstrip(b"\n"))
    if len(left) != len(right) or left[0] != right[0]:
        return math.inf
    try:
        pairs = [(float(a), float(b)) for a, b in zip(left, right) if a != b]
    except ValueError:
        return math.inf
    gaps = [abs(a - b) / max(1.0, abs(a), abs(b)) for a, b in pairs]
    return math.inf if any(map(math.isnan, gaps)) else max(gaps, default=0.0)


_FIELDS = re.compile(rb"[\t,]")
