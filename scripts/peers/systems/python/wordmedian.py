"""A Counter of lengths, a line at a time."""

import re
from collections import Counter

import reading
from program import run

WORD = re.compile(rb"[^ \t\n\r\f]+")


def lines(source):
    counts = Counter()
    with reading.opened(source) as text:
        for line in text:
            counts.update(map(len, WORD.findall(line)))
    return (b"%d\t%d\n" % pair for pair in counts.items())


run(lines)
