"""The lines in byte order: sorted() of the file."""

from program import run


def lines(source):
    with open(source, "rb") as text:
        return sorted(line.rstrip(b"\n") + b"\n" for line in text)


run(lines)
