"""A set of the edges."""

import reading
from program import run


def lines(source):
    edges = set(map(tuple, reading.edges(source)))
    return (b"%b\t%b\n" % (one, other) for one, other in edges if (other, one) not in edges)


run(lines)
