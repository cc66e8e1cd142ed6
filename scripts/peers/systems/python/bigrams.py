"""Bigrams with collections.Counter, a line at a time."""

import re
from collections import Counter

import reading
from program import run

WORD = re.compile(rb"[a-z]+")


def lines(source):
    counts = Counter()
    with reading.opened(source) as text:
        for line in text:
            words = WORD.findall(line.lower())
            counts.update(zip(words, words[1:]))
    return (b"%s %s\t%d\n" % (*pair, count) for pair, count in counts.items())


run(lines)
