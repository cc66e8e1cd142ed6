"""The lines in byte order: sorted() of the file, whose line feeds are cut off before, since they would be compared
too."""

import reading
from program import run


def lines(source):
    return (line + b"\n" for line in sorted(reading.lines(source)))


run(lines)
