"""Word count: the words of a chunk of lines, counted, and the counts added up.

str.split ends words at VT and at the spaces of Unicode too, so lines that may have some are searched.
"""

import re

import pandas as pd
from lines import chunks, counted, run

WORD = re.compile(r"[^ \t\n\r\f]+")
OTHER_SPACE = re.compile("[^!-~ \t\r\f]")


def words(lines: pd.Series) -> pd.Series:
    if any(map(OTHER_SPACE.search, lines)):
        return lines.map(WORD.findall)
    return lines.str.split()


def counts(source):
    return counted([words(chunk).explode().value_counts() for chunk in chunks(source)])


run(counts)
