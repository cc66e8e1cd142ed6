"""Tells whether a regular expression means the same to twinmill (Rust's `regex`) and to other engines.

A pattern is read by a grammar that all engines share: characters, sets, `.`, `\\d`, `\\w`, groups, alternatives,
repeats and anchors. What lies outside is not `portable`. What engines differ in within it, the flags tell: POSIX takes
the longest match where others take the first alternative, some work on bytes and others on characters.
"""

from dataclasses import dataclass

_SPECIAL = frozenset(".*+?()|[]{}^$\\")


@dataclass
class Pattern:
    text: str
    portable: bool = True
    posix: bool = True
    """Single characters, each perhaps repeated by `*`, `+` or `?`: the first match is the longest there."""
    beyond_ascii: bool = False
    """Whether a match may hold characters beyond ASCII."""
    any_byte: bool = False
    """Whether a match may hold control characters, such as CR and NUL."""
    anchored: bool = False
    nullable: bool = False
    """Whether nothing at all matches."""

    def __post_init__(self):
        try:
            rest, nullable, chooses = _alternatives(self, self.text)
            self.nullable = nullable
            self.portable = not rest and not (nullable and chooses)
        except _Foreign:
            self.portable = False
        self.posix = self.posix and self.portable


class _Foreign(Exception):
    """Something that not every engine reads alike."""


def _alternatives(seen: Pattern, rest: str) -> tuple[str, bool, bool]:
    """The rest behind alternatives, whether they match nothing at all, and whether shorter matches may be preferred."""
    nullable = chooses = False
    while True:
        rest, empty, lazy = _sequence(seen, rest)
        nullable, chooses = nullable or empty, chooses or lazy
        if not rest.startswith("|"):
            return rest, nullable, chooses
        seen.posix, chooses, rest = False, True, rest[1:]


def _sequence(seen: Pattern, rest: str) -> tuple[str, bool, bool]:
    nullable, chooses = True, False
    while rest and rest[0] not in "|)":
        rest, empty, lazy = _repeated(seen, rest)
        nullable, chooses = nullable and empty, chooses or lazy
    return rest, nullable, chooses


def _repeated(seen: Pattern, rest: str) -> tuple[str, bool, bool]:
    rest, nullable, chooses = _atom(seen, rest)
    if rest[:1] not in ("*", "+", "?", "{"):
        return rest, nullable, chooses
    if nullable:
        raise _Foreign  # engines differ in how often nothing is repeated
    if rest[0] == "{":
        counts, brace, behind = rest[1:].partition("}")
        if not brace or not all(count.isdecimal() and int(count) <= 1000 for count in counts.split(",", 1) if count):
            raise _Foreign
        if not counts or counts[0] == ",":
            raise _Foreign
        seen.posix, least, rest = False, int(counts.split(",")[0]), behind
    else:
        least, rest = int(rest[0] == "+"), rest[1:]
    if rest.startswith("?"):
        seen.posix, chooses, rest = False, True, rest[1:]
    if rest[:1] in ("*", "+", "?", "{"):
        raise _Foreign
    return rest, least == 0, chooses


def _atom(seen: Pattern, rest: str) -> tuple[str, bool, bool]:
    first, behind = rest[0], rest[1:]
    if first == "(":
        seen.posix = False
        behind = behind.removeprefix("?:")
        if behind.startswith("?"):
            raise _Foreign
        behind, nullable, chooses = _alternatives(seen, behind)
        if not behind.startswith(")"):
            raise _Foreign
        return behind[1:], nullable, chooses
    if first == "[":
        return _set(seen, behind), False, False
    if first == ".":
        seen.beyond_ascii = seen.any_byte = True
    elif first in "^$":
        seen.anchored, seen.posix = True, False
        return behind, True, False
    elif first == "\\":
        _escaped(seen, behind[:1])
        behind = behind[1:]
    elif first in _SPECIAL or not first.isprintable():
        raise _Foreign
    elif not first.isascii():
        seen.beyond_ascii = True
    return behind, False, False


def _escaped(seen: Pattern, letter: str) -> None:
    if letter in ("d", "w"):
        # Of Unicode to some engines, of ASCII to others.
        seen.beyond_ascii, seen.posix = True, False
    elif letter not in _SPECIAL:
        raise _Foreign


def _set(seen: Pattern, rest: str) -> str:
    """Checks a set (letters, digits, ranges of them, signs that mean themselves in all engines); returns the rest."""
    if rest.startswith("^"):
        seen.beyond_ascii = seen.any_byte = True
        rest = rest[1:]
    members, end, behind = rest.partition("]")
    if not end or not members:
        raise _Foreign
    place = 0
    while place < len(members):
        low, dash, high = members[place], members[place + 1 : place + 2], members[place + 2 : place + 3]
        if not low.isascii() or not low.isprintable() or low in "[\\^&~":
            raise _Foreign
        if dash == "-" and high:
            same = [kind for kind in (str.isdigit, str.islower, str.isupper) if kind(low) and kind(high)]
            if not (same and high.isascii() and low <= high):
                raise _Foreign
            place += 3
        elif low == "-" and 0 < place < len(members) - 1:
            raise _Foreign
        else:
            place += 1
    return behind
