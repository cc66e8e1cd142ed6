"""A dictionary from sorted letters to words."""

import re
from collections import defaultdict

import reading
from program import run

WORD = re.compile(rb"[^ \t\n\r\f]+")


def lines(source):
    groups = defaultdict(list)
    with reading.opened(source) as text:
        for word in sorted({word for line in text for word in WORD.findall(line)}):
            groups[bytes(sorted(word))].append(word)
    return (b"%b\t%b\n" % (letters, b",".join(words)) for letters, words in groups.items() if len(words) > 1)


run(lines)
