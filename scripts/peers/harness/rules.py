"""Reasons for which a program sits an input out: its rules there are not twinmill's, so its answer would be another.

Each function gives a reason, in words that follow the program's name, or nothing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from . import tables
from .data import Data, File
from .patterns import Pattern
from .registry import System, Workload

GRAPHS = (
    "pagerank",
    "components",
    "bfs",
    "triangles",
    "degrees",
    "asymmetric-friends",
    "common-friends",
    "people-you-may-know",
)
LINES = ("sort", "terasort", "distinct")
TEXTS = (
    "wordcount",
    "wordcount-no-combiner",
    "bigrams",
    "grep",
    "inverted-index",
    "tfidf",
    "pmi",
    "anagrams",
    "wordmedian",
)
TABLES = ("aggregate", "join", "secondary-sort", "select")
RECORDS = ("top",)
FIELDS = ("naive-bayes", "als", "matrix-multiply")


@dataclass
class Question:
    """A question to a program: a workload with its parameters, over its input."""

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
    given, taken = len(question.data.files), question.workload.files
    if taken is not None and given != len(taken):
        numbers = {1: "one file", 2: "two files"}
        yield f"programs read {numbers[len(taken)]}, and the input is {numbers.get(given, f'{given} files')}"
    elif taken is None and len({file.path.name for file in question.data.files}) < given:
        yield "programs know files by their names, and two have the same"
    elif question.data.unfit:
        yield question.data.unfit
    elif question.workload.name == "terasort" and not question.data.records_are_lines:
        yield "programs take a record for a line, and here is one that does not end with the only line feed in it"


def plain_tables(question: Question) -> Iterator[str]:
    """Of programs that are told where the fields of a table of points end."""
    if "header" not in question.parameters:
        return
    if not tables.by_number(question.parameters):
        yield "takes columns by number, not by name"
    elif not tables.is_plain(question.data, question.parameters):
        yield "cannot tell what stands between fields; twinmill's report says what it took, --separator says it to all"
    elif "label-column" in question.parameters and question.data.has(b'"') and BLANK_QUOTES.search(question.data.text):
        yield "does not tell blanks within quotes from those around them"


def no_empty_cells(question: Question) -> Iterator[str]:
    """Of readers of tables of points to which nothing is no number."""
    if "header" in question.parameters and question.data.empty_cells:
        yield "takes no empty cells"


BLANK_QUOTES = re.compile(rb'[ \t]"|"[ \t]')


def plain_rows(question: Question) -> Iterator[str]:
    """Of programs that find columns by their number, in a table without a header whose cells are characters."""
    if question.workload.name not in TABLES + RECORDS:
        return
    if question.data.encoding == "latin-1":
        yield "takes UTF-8 only, which the input is not"
    if question.data.mark_bytes:
        yield "takes the byte order mark for a part of the text"
    if question.data.lone_carriage_returns or question.data.has(b"\0"):
        yield "may read carriage returns and NUL within cells in another way"
    if not question.data.size:
        yield "finds no columns in a table without rows"
    if question.workload.name in RECORDS and any(UNPLAIN_NUMBER.search(file.text) for file in question.data.files):
        yield "takes whole numbers of up to 18 digits"
    if question.data.has(b'""'):
        yield "prints cells that have quotes in them, or nothing but quotes, in another way"
    elif question.data.rows_go_on:
        yield "may read rows that go on in another line as several"
    elif question.data.has(b'"') and question.data.has(b"\t") and question.data.has(b","):
        yield "may print cells that have separators in them in another way"
    named = [part for part in question.parameters.get("group-by", "").split(",") if part]
    named += [column for part in question.parameters.get("agg", "").split(",") if (column := part.partition(":")[2])]
    if not all(column.isdecimal() for column in named):
        yield "knows columns by their numbers"
    elif any(not _is_a_number(question.data, int(column) - 1) for column in _extremes(question)):
        yield "finds the least and the greatest of numbers only, and a column has others"
    if question.workload.name == "secondary-sort" and _is_a_number(question.data, 1):
        yield "orders text by text, and the second column may be numbers"
    if "where" in question.parameters:
        yield from _unplain_condition(question)


def _unplain_condition(question: Question) -> Iterator[str]:
    """Of programs that compare the cells of one column with one value."""
    columns = [end for part in question.parameters["columns"].split(",") for end in part.split("-")]
    condition = question.parameters["where"]
    found = CONDITION.fullmatch(condition)
    if not all(end.isdecimal() for end in columns if end) or condition and not found:
        yield "takes columns by number, and one condition of = != < <= > >= and a value without quotes and commas"
    elif found and not NUMBER.fullmatch(found["value"]) and tables.is_number(found["value"].encode()):
        yield f"may take {found['value']} for a text"
    elif len(columns) == 1 and columns[0] and question.data.empty_cells:
        yield "may print a row of one empty cell in another way"
    elif found and NUMBER.fullmatch(found["value"]):
        if any(_has_other_cells(file, int(found["column"]) - 1) for file in question.data.files):
            yield "compares numbers of few digits by value, and the column of the condition has other cells"


@lru_cache
def _has_other_cells(file: File, column: int) -> bool:
    """Whether a cell of a column, from 0, is neither empty nor a plain number without quotes."""
    between = b"\t" if b"\t" in file.text[: file.text.find(b"\n") + 1] else b","
    cells = b'(?:(?:"[^"]*"|[^%b\n"]*)%b){%d}' % (between, between, column)
    plain = rb"^%b(?:%b)?(?:%b|\r?\n|\r?\Z)" % (cells, NUMBER.pattern.encode(), between)
    return re.search(rb"(?m)^(?!%b)(?!\r?\n)." % plain, file.text) is not None


CONDITION = re.compile(
    r"(?P<column>[1-9]\d*)\s*(?P<operator>[!<>]=|[=<>])\s*(?P<value>[^\s\\\"',](?:[^\\\"',]*[^\s\\\"',])?)"
)
NUMBER = re.compile(r"-?\d{1,9}(?:\.\d{1,6})?")
"""A number that floating point tells from all others of this form."""

UNPLAIN_NUMBER = re.compile(rb"\t(?!(?:0|-?[1-9][0-9]{0,17})\r?(?:\n|\Z))")


def plain_cells(question: Question) -> Iterator[str]:
    """Of tools that end a cell at every comma and a row at every line feed."""
    if question.workload.name not in TABLES + RECORDS:
        return
    if question.workload.name in TABLES and (question.data.has(b'"') or question.data.has(b"\t")):
        yield "ends a cell at every comma, also within quotes, and nowhere else"
    yield from keeps_carriage_returns(question)
    yield from rows_alone(question)
    if question.workload.name == "secondary-sort" and question.data.has(b",,"):
        yield "puts empty cells first"


def rows_alone(question: Question) -> Iterator[str]:
    """Of readers to which every line is a row."""
    if question.workload.name in TABLES + RECORDS and question.data.empty_lines:
        yield "takes empty lines for rows"


def keeps_carriage_returns(question: Question) -> Iterator[str]:
    """Of readers whose rows end at a line feed and nowhere before."""
    if question.workload.name in TABLES + RECORDS and question.data.carriage_returns:
        yield "takes carriage returns for a part of the last cell"


def plain_fields(question: Question) -> Iterator[str]:
    """Of programs that cut lines at TABs, and at line ends of other kinds as well."""
    if question.workload.name in FIELDS:
        yield from utf8_only(question)
        yield from no_mark(question)
        yield from cuts_at_carriage_returns(question)
        if question.data.has(b'"') or question.data.has(b"\0"):
            yield "may take quotes and NUL for more than characters"
        if question.data.empty_lines:
            yield "may take empty lines for rows"
        if not question.data.size:
            yield "finds no columns in a table without rows"
        if question.workload.name == "matrix-multiply" and LEADING_ZERO.search(question.data.text):
            yield "tells 07 from 7"


LEADING_ZERO = re.compile(rb"\t0[0-9]+[\t\r\n]")


def texts_have_words(question: Question) -> Iterator[str]:
    if question.workload.name == "naive-bayes" and not WORD_OF_TEXT.search(question.data.text):
        yield "learns nothing from texts without words"


WORD_OF_TEXT = re.compile(rb"\t[^\n]*[^ \t\r\f\n]")


def lines_as_cells(question: Question) -> Iterator[str]:
    """Of readers of tables that are told of a sign between cells which no text has, so that a line is one cell."""
    if question.workload.name not in TABLES + RECORDS and question.data.has(b"\1"):
        yield "reads lines as columns that end at the byte 01, which is in the input"


def usual_reader(question: Question) -> Iterator[str]:
    """Of the many that read UTF-8 without a mark, end lines at any carriage return, and know columns by number."""
    yield from utf8_only(question)
    yield from no_mark(question)
    yield from cuts_at_carriage_returns(question)
    yield from plain_rows(question)


def _extremes(question: Question) -> Iterator[str]:
    """Columns whose least or greatest cell is asked for."""
    for part in question.parameters.get("agg", "").split(","):
        function, _, column = part.partition(":")
        if function in ("min", "max"):
            yield column


def _is_a_number(data: Data, column: int) -> bool:
    """Whether the cell of a column, from 0, is a number in the first row of a file."""
    for file in data.files:
        cells = re.split(b"[,\t]", file.text[:4096].partition(b"\n")[0])
        try:
            float(cells[column])
            return True
        except (IndexError, ValueError):
            pass
    return False


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
    """Of readers that take CR LF for one line end. The jobs that print whole lines, and patterns that may match the CR,
    can tell."""
    pattern = question.pattern
    if question.workload.name == "terasort":
        if not question.data.records_end_in_crlf:
            yield "gives every record the line end of TeraGen's, CR LF, and here is one that has another"
    elif question.workload.name in LINES or pattern and (pattern.any_byte or pattern.anchored or not pattern.portable):
        if question.data.carriage_returns:
            yield "drops carriage returns at line ends"


def cuts_at_carriage_returns(question: Question) -> Iterator[str]:
    """Of readers that take a lone CR for a line end as well."""
    if question.data.carriage_returns and question.data.lone_carriage_returns:
        yield "takes a lone carriage return for a line end"
    yield from drops_carriage_returns(question)


def first_match(question: Question) -> Iterator[str]:
    """Of engines that take the first alternative, as Rust's does: on characters where the text is UTF-8, else on
    bytes."""
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
