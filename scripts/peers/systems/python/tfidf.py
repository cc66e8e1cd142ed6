"""A dictionary of counts by term, one document after the other."""

import math
import os
from pathlib import Path

from program import run
from terms import places


def lines(source: Path):
    documents = len(os.listdir(source))
    for term, of_term in places(source).items():
        rare = math.log(documents / len(of_term))
        for name, count in of_term:
            yield b"%s\t%s\t%r\n" % (term, name, count * rare)


run(lines)
