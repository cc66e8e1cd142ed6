"""Matches of PATTERN with re and collections.Counter, sorted by falling count."""

import os
import re
from collections import Counter

import reading
from program import run


def lines(source):
    pattern = re.compile(os.environ["PATTERN"])
    counts = Counter()
    with reading.characters(source) as text:
        for line in text:
            counts.update(match[0] for match in pattern.finditer(line.removesuffix("\n")) if match[0])
    found = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return (f"{text}\t{count}\n".encode(reading.ENCODING) for text, count in found)


run(lines)
