"""Word count with collections.Counter, a line at a time. bytes.split ends words at VT too, so a line with one is
searched."""

import re
from collections import Counter

import reading
from program import run

WORD = re.compile(rb"[^ \t\n\r\f]+")


def lines(source):
    counts = Counter()
    with reading.opened(source) as text:
        for line in text:
            counts.update(WORD.findall(line) if b"\v" in line else line.split())
    return (b"%s\t%d\n" % pair for pair in counts.items())


run(lines)
