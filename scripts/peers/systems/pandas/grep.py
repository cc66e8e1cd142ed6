"""Matches of PATTERN, counted and sorted by falling count."""

import os
import re

import pandas as pd
from lines import chunks, run


def counts(source):
    pattern = re.compile(os.environ["PATTERN"])
    # Series.str.findall would give the groups of a pattern that has some.
    found = lambda line: [match[0] for match in pattern.finditer(line)]
    of_chunks = [chunk.map(found).explode().value_counts() for chunk in chunks(source)]
    return pd.concat(of_chunks).groupby(level=0).sum().sort_values(ascending=False, kind="stable")


run(counts)
