"""The input as programs will find it: what of it some of them cannot read, or read by other rules than twinmill.

Each fact is found when it is first asked for, by a search through the mapped file: a rule that no system has costs
nothing.
"""

import codecs
import mmap
import re
from functools import cached_property
from pathlib import Path

UTF8_MARK = codecs.BOM_UTF8
_CHUNK = 1 << 20

_COMPRESSED = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\x28\xb5\x2f\xfd": "Zstandard",
    b"\x04\x22\x4d\x18": "LZ4",
    b"\x02\x21\x4c\x18": "LZ4",
    **{bytes([low]) + b"\x2a\x4d\x18": "Zstandard or LZ4" for low in range(0x50, 0x60)},
}
"""Magic numbers of what twinmill unpacks; the last are those of frames to be skipped."""


class Data:
    """The input's files, as one text where it does not matter that they are several."""

    def __init__(self, *paths: Path):
        self.files = [File(path) for path in paths]

    @cached_property
    def size(self) -> int:
        return sum(file.size for file in self.files)

    @cached_property
    def unfit(self) -> str | None:
        """Returns the reason why no program takes these files as they are."""
        reasons = [file.unfit for file in self.files if file.unfit]
        if not reasons and len(self.files) > 1 and any(file.mark_bytes for file in self.files):
            return "programs skip the byte order mark of a single file only"
        return next(iter(reasons), None)

    @property
    def text(self) -> mmap.mmap | bytes:
        """The bytes of the first file."""
        return self.files[0].text

    @property
    def mark_bytes(self) -> int:
        return self.files[0].mark_bytes

    @cached_property
    def encoding(self) -> str:
        """The least of the files' encodings that holds them all."""
        return max((file.encoding for file in self.files), key=("ascii", "utf-8", "latin-1").index)

    def has(self, text: bytes) -> bool:
        return any(file.has(text) for file in self.files)

    @cached_property
    def carriage_returns(self) -> bool:
        return any(file.carriage_returns for file in self.files)

    @cached_property
    def lone_carriage_returns(self) -> bool:
        """Whether there is a carriage return without a line feed after it."""
        return any(file.lone_carriage_returns for file in self.files)

    @cached_property
    def mixed_line_ends(self) -> bool:
        """Whether some lines of a file end with CR LF, and others with LF alone."""
        return any(file.mixed_line_ends for file in self.files)

    @cached_property
    def rows_go_on(self) -> bool:
        """Whether there are line ends within quotes."""
        return any(file.rows_go_on for file in self.files)

    @cached_property
    def empty_lines(self) -> bool:
        return any(file.empty_lines for file in self.files)

    @cached_property
    def empty_cells(self) -> bool:
        """Whether there is nothing between two commas, TABs or semicolons, or between one and a line's end."""
        return any(file.empty_cells for file in self.files)

    def has_line_over(self, limit: int) -> bool:
        return any(file.has_line_over(limit) for file in self.files)

    @cached_property
    def records_are_lines(self) -> bool:
        """Whether every record of 100 bytes ends with a line feed and has no other."""
        return all(file.records_are_lines for file in self.files)

    @cached_property
    def records_end_in_crlf(self) -> bool:
        """Whether every record of 100 bytes ends with CR LF and has no other carriage return."""
        return all(file.records_end_in_crlf for file in self.files)


class File:
    """One file of the input."""

    def __init__(self, path: Path):
        self.path = path

    @cached_property
    def size(self) -> int:
        return self.path.stat().st_size

    @cached_property
    def unfit(self) -> str | None:
        """Returns the reason why no program takes this file as it is."""
        if not self.path.is_file():
            return "programs read a plain file, which the input is not"
        with open(self.path, "rb") as file:
            start = file.read(4)
        if start and not self.size:
            return "the input's size is not known before it is read"
        kind = next((kind for magic, kind in _COMPRESSED.items() if start.startswith(magic)), None)
        return f"programs read the input as it lies, which is compressed ({kind})" if kind else None

    @cached_property
    def text(self) -> mmap.mmap | bytes:
        """The bytes, from the first one on."""
        with open(self.path, "rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if self.size else b""

    @cached_property
    def mark_bytes(self) -> int:
        """Bytes of the mark at the start, which says that the text is UTF-8 and is no part of it."""
        return len(UTF8_MARK) if self.text[: len(UTF8_MARK)] == UTF8_MARK else 0

    @cached_property
    def encoding(self) -> str:
        """`ascii`, `utf-8`, or `latin-1` for bytes that are neither: each of them is a character of it."""
        decoder = codecs.getincrementaldecoder("utf-8")()
        ascii_only = not self.mark_bytes
        try:
            for start in range(0, len(self.text), _CHUNK):
                chunk = self.text[start : start + _CHUNK]
                if ascii_only and chunk.isascii():
                    continue
                ascii_only = False
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "latin-1"
        return "ascii" if ascii_only or self.text[self.mark_bytes :].isascii() else "utf-8"

    def has(self, text: bytes) -> bool:
        return self.text.find(text) >= 0

    @cached_property
    def carriage_returns(self) -> bool:
        return self.has(b"\r")

    @cached_property
    def lone_carriage_returns(self) -> bool:
        """Whether there is a carriage return without a line feed after it."""
        place = self.text.find(b"\r")
        while place >= 0:
            if self.text[place + 1 : place + 2] != b"\n":
                return True
            place = self.text.find(b"\r", place + 1)
        return False

    @cached_property
    def mixed_line_ends(self) -> bool:
        return self.has(b"\r\n") and re.search(rb"(?<!\r)\n", self.text) is not None

    @cached_property
    def rows_go_on(self) -> bool:
        """Whether there are line ends within quotes: a line then has an odd number of them."""
        if not self.has(b'"'):
            return False
        with open(self.path, "rb") as lines:
            return any(line.count(b'"') % 2 for line in lines)

    @cached_property
    def empty_lines(self) -> bool:
        return self.text[:1] == b"\n" or self.has(b"\n\n") or self.has(b"\n\r\n")

    @cached_property
    def empty_cells(self) -> bool:
        signs = [b",", b"\t", b";"]
        around = [(sign, end) for sign in signs for end in (sign, b"\n", b"\r")]
        first, last = self.text[self.mark_bytes : self.mark_bytes + 1], self.text[-1:]
        return (
            any(self.has(one + other) or self.has(other + one) for one, other in around)
            or first in signs
            or last in signs
        )

    def has_line_over(self, limit: int) -> bool:
        start = 0
        while len(self.text) - start > limit:
            end = self.text.rfind(b"\n", start, start + limit + 1)
            if end < 0:
                return True
            start = end + 1
        return False

    @cached_property
    def records_are_lines(self) -> bool:
        """Whether every record of 100 bytes ends with a line feed and has no other."""
        return self._ends_records(b"\n", 99)

    @cached_property
    def records_end_in_crlf(self) -> bool:
        """Whether every record of 100 bytes ends with CR LF and has no other carriage return."""
        return self.records_are_lines and self._ends_records(b"\r", 98)

    def _ends_records(self, byte: bytes, place: int) -> bool:
        """Whether this byte is at this place of every record of 100 bytes, and nowhere else."""
        if len(self.text) % 100:
            return False
        for start in range(0, len(self.text), 100 * 10_000):
            chunk = self.text[start : start + 100 * 10_000]
            if chunk[place::100].count(byte) * 100 != len(chunk) or chunk.count(byte) * 100 != len(chunk):
                return False
        return True
