"""Matches of PATTERN, counted and sorted by falling count."""

import os
import re

from lines import chunks, counted, run


def counts(source):
    pattern = re.compile(os.environ["PATTERN"])
    # Series.str.findall would give the groups of a pattern that has some.
    found = lambda line: [match[0] for match in pattern.finditer(line) if match[0]]
    return counted([chunk.map(found).explode().value_counts() for chunk in chunks(source)]).sort_values(ascending=False)


run(counts)
