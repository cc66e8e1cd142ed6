"""Two Counters."""

from collections import Counter

import reading
from program import run


def lines(source):
    ends = reading.ends(source)
    out, into = Counter(ends[0::2]), Counter(ends[1::2])
    return (b"%b\t%d\t%d\n" % (node, into[node], out[node]) for node in out | into)


run(lines)
