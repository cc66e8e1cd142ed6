"""Word count with collections.Counter, a line at a time. bytes.split ends words at VT too; generated text has none."""

from collections import Counter

from program import run


def lines(source):
    counts = Counter()
    with open(source, "rb") as text:
        for line in text:
            counts.update(line.split())
    return (b"%s\t%d\n" % pair for pair in counts.items())


run(lines)
