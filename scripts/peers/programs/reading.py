"""Reading as twinmill reads, for all programs in Python: lines end at a line feed and nowhere else, a byte order mark
at the start is no text, and bytes stay bytes.

Where a library wants characters, `ENCODING` makes some of them: those of UTF-8 where the input is that, else one for
each byte. Either way they have the order of the bytes.
"""

import io
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

ENCODING = os.environ["ENCODING"]


def opened(source: Path):
    """The file of bytes, behind its mark."""
    file = open(source, "rb")
    file.seek(int(os.environ["MARK_BYTES"]))
    return file


def characters(source: Path) -> io.TextIOWrapper:
    """The file of characters, whose lines end at line feeds alone."""
    return io.TextIOWrapper(opened(source), encoding=ENCODING, newline="\n")


def lines(source: Path) -> list[bytes]:
    """All lines, without their line feeds."""
    with opened(source) as file:
        return _lines_of(file.read(), b"\n")


def lines_of_characters(source: Path) -> list[str]:
    with characters(source) as file:
        return _lines_of(file.read(), "\n")


def _lines_of(text, feed):
    lines = text.split(feed)
    if not lines[-1]:
        lines.pop()
    return lines


def write(output: str | Path, lines: Iterable[bytes]) -> None:
    """Makes the output folder with these lines in it, each with its line feed."""
    Path(output).mkdir()
    with open(Path(output) / "part", "wb") as part:
        part.writelines(lines)


def edges(source: Path) -> Iterator[list[bytes]]:
    """Both ends of each edge: CR LF ends a line as LF does, empty lines and those that start with # are none."""
    with opened(source) as file:
        for line in file:
            line = line.removesuffix(b"\n").removesuffix(b"\r")
            if line and not line.startswith(b"#"):
                yield line.split(b"\t")


def ends(source: Path) -> list[bytes]:
    """As `edges`, one end behind the other, and all at once: faster where there is nothing to pass over."""
    with opened(source) as file:
        text = file.read().removesuffix(b"\n")
    if b"\r" in text or b"#" in text or b"\n\n" in text or text.startswith(b"\n") or text.endswith(b"\n"):
        kept = (line.removesuffix(b"\r") for line in text.split(b"\n"))
        text = b"\n".join(line for line in kept if line and not line.startswith(b"#"))
    return text.replace(b"\n", b"\t").split(b"\t") if text else []
