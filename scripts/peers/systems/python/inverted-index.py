"""A dictionary of counts by term, one document after the other."""

import os
import re
from collections import Counter, defaultdict
from pathlib import Path

from program import run

WORD = re.compile(rb"[a-z]+")


def lines(source: Path):
    terms = defaultdict(list)
    documents = sorted((os.fsencode(path.stem), path) for path in source.iterdir())
    for name, path in documents:
        for term, count in Counter(WORD.findall(path.read_bytes().lower())).items():
            terms[term].append(b"%s:%d" % (name, count))
    return (b"%s\t%d\t%s\n" % (term, len(places), b",".join(places)) for term, places in terms.items())


run(lines)
