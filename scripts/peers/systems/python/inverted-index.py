"""A dictionary of counts by term, one document after the other."""

from pathlib import Path

from program import run
from terms import places


def lines(source: Path):
    for term, of_term in places(source).items():
        yield b"%s\t%d\t%s\n" % (term, len(of_term), b",".join(b"%s:%d" % place for place in of_term))


run(lines)
