"""Each line once: a set of the lines."""

import reading
from program import run


def lines(source):
    return (line + b"\n" for line in set(reading.lines(source)))


run(lines)
