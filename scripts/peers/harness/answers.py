"""Digests of answers. Two systems agree when their digests do; file names and part boundaries do not count, nor do
carriage returns: readers of CSV take CR LF for one line end, and gensort's records have both.

The bytes go through a pipe, so that this process stays small (see `measure`).
"""

import hashlib
import os
import subprocess
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
