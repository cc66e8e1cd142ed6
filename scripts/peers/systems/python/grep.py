"""Matches of PATTERN with re and collections.Counter, sorted by falling count."""

import os
import re
from collections import Counter

from program import run


def lines(source):
    pattern = re.compile(os.environ["PATTERN"].encode())
    counts = Counter()
    with open(source, "rb") as text:
        for line in text:
            counts.update(match[0] for match in pattern.finditer(line.rstrip(b"\n")))
    return (b"%s\t%d\n" % pair for pair in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


run(lines)
