"""Records by their 10-byte key: sorted() with a key."""

import reading
from program import run


def lines(source):
    with reading.opened(source) as text:
        return sorted(text, key=lambda record: record[:10])


run(lines)
