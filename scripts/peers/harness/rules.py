"""Reasons for which a program sits an input out: its rules there are not twinmill's, so its answer would be another.

Each function gives a reason, in words that follow the program's name, or nothing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from . import tables
from .data import Data
from .patterns import Pattern
from .registry import System, Workload

GRAPHS = ("pagerank", "components")
LINES = ("sort", "terasort", "distinct")
TEXTS = ("wordcount", "wordcount-no-combiner", "bigrams", "grep")


@dataclass
class Question:
    """A question to a program: a workload with its parameters, over one file."""

    workload: Workload
    parameters: dict[str, str]
    data: Data
    scratch: Path
    """Folder for its output and intermediates."""

    @property
    def pattern(self) -> Pattern | None:
        text = self.parameters.get("pattern")
        return None if text is None else Pattern(text)


def declined(system: System, question: Question) -> str | None:
    """Returns the reason why the system declines this question, although it could run; None when it takes part."""
    reason = next(_of_everyone(question), None)
    if reason is None and system.answers:
        reason = next(iter(system.reasons(question)), None)
    return reason


def _of_everyone(question: Question) -> Iterator[str]:
    """Reasons for which every program declines."""
    if question.data.unfit:
        yield question.data.unfit
    elif question.workload.name == "terasort" and not question.data.records_are_lines:
        yield "programs take a record for a line, and here is one that does not end with the only line feed in it"


def plain_tables(question: Question) -> Iterator[str]:
    """Of programs that are told where fields end."""
    if not tables.is_plain(question.data, question.parameters):
        yield "cannot tell what stands between the fields; twinmill's report says what it took, --separator says it to all"
    elif "label-column" in question.parameters and question.data.has(b'"') and BLANK_QUOTES.search(question.data.text):
        yield "does not tell blanks within quotes from those around them"


BLANK_QUOTES = re.compile(rb'[ \t]"|"[ \t]')


def utf8_only(question: Question) -> Iterator[str]:
    if question.data.encoding == "latin-1":
        yield "takes UTF-8 only, which the input is not"


def ascii_only(question: Question) -> Iterator[str]:
    if question.data.encoding != "ascii":
        yield "orders and cuts characters, not bytes, and the input has characters beyond ASCII"


def no_mark(question: Question) -> Iterator[str]:
    if question.data.mark_bytes:
        yield "takes the byte order mark for a part of the text"


def drops_carriage_returns(question: Question) -> Iterator[str]:
    """Of readers that take CR LF for one line end. The jobs that print whole lines, and patterns that may match the CR, can
    tell."""
    pattern = question.pattern
    if question.workload.name in LINES or pattern and (pattern.any_byte or pattern.anchored or not pattern.portable):
        if question.data.carriage_returns:
            yield "drops carriage returns at line ends"


def cuts_at_carriage_returns(question: Question) -> Iterator[str]:
    """Of readers that take a lone CR for a line end as well."""
    if question.data.carriage_returns and question.data.lone_carriage_returns:
        yield "takes a lone carriage return for a line end"
    yield from drops_carriage_returns(question)


def first_match(question: Question) -> Iterator[str]:
    """Of engines that take the first alternative, as Rust's does: on characters where the text is UTF-8, else on bytes."""
    pattern = question.pattern
    if not pattern:
        return
    if not pattern.portable:
        yield f"may read the pattern {pattern.text} in another way"
    elif pattern.beyond_ascii and question.data.encoding == "latin-1":
        yield f"may match {pattern.text} with bytes that are no characters"
    elif "\\" in pattern.text and pattern.beyond_ascii and question.data.encoding != "ascii":
        yield f"may take other characters for letters and digits in {pattern.text}"


def longest_match(question: Question) -> Iterator[str]:
    """Of POSIX engines, on bytes."""
    pattern = question.pattern
    if not pattern:
        return
    if not pattern.posix:
        yield f"takes POSIX expressions and the longest match, and may read the pattern {pattern.text} in another way"
    elif pattern.beyond_ascii and question.data.encoding != "ascii":
        yield f"matches {pattern.text} byte by byte, and the input has characters beyond ASCII"
