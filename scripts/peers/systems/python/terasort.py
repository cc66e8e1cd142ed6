"""Records by their 10-byte key: sorted() with a key."""

from program import run


def lines(source):
    with open(source, "rb") as text:
        return sorted(text, key=lambda record: record[:10])


run(lines)
