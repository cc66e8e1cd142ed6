"""A Counter of terms and one of pairs of those that are in enough lines."""

import math
import os
import re
from collections import Counter
from itertools import combinations

import reading
from program import run

WORD = re.compile(rb"[a-z]+")
FEWEST = int(os.environ["MIN_COUNT"])


def lines(source):
    terms = [set(WORD.findall(line.lower())) for line in reading.lines(source)]
    counts = Counter(term for of_line in terms for term in of_line)
    frequent = {term for term, count in counts.items() if count >= FEWEST}
    pairs = Counter(pair for of_line in terms for pair in combinations(sorted(of_line & frequent), 2))
    for (one, other), both in pairs.items():
        if both >= FEWEST:
            information = math.log10(len(terms) * both / (counts[one] * counts[other]))
            yield b"%b %b\t%r\t%d\n" % (one, other, information, both)


run(lines)
