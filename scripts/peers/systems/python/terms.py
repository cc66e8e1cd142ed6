"""Shared by the programs on documents in plain Python: the terms of each, counted."""

import os
import re
from collections import Counter, defaultdict
from pathlib import Path

WORD = re.compile(rb"[a-z]+")


def places(source: Path) -> dict[bytes, list[tuple[bytes, int]]]:
    """The names of the documents that each term is in, in their order, with its count."""
    terms = defaultdict(list)
    for name, path in sorted((os.fsencode(path.stem), path) for path in source.iterdir()):
        for term, count in Counter(WORD.findall(path.read_bytes().lower())).items():
            terms[term].append((name, count))
    return terms
