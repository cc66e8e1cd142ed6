"""Questions on tables as SQL, for all programs that have it: columns are `c1`, `c2`, … of a table without a header.

The width and the separator are those of the first row. Columns that are only counted up are numbers, all others text,
so that a cell stays what it is; an empty cell is NULL.
"""

import csv
import operator
import os
import re
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from columns import places

NUMERIC = {"sum", "mean", "min", "max"}
FUNCTIONS = {"mean": "avg"}


class Relation:
    """A file of rows."""

    def __init__(self, path: str | Path, name: str = "rows_of_input", key: str | None = None):
        self.path, self.name = str(path), name
        self.key = key
        """The column that its rows are looked up by."""
        with open(path, encoding="utf-8-sig", newline="") as file:
            line = file.readline()
        self.separator = "\t" if "\t" in line else ","
        self.width = len(next(csv.reader([line], delimiter=self.separator), []))

    @property
    def columns(self) -> list[str]:
        return [f"c{place}" for place in range(1, self.width + 1)]

    def typed(self, numbers: set[str] = frozenset(), text: str = "VARCHAR", number: str = "DOUBLE") -> dict[str, str]:
        """The type of each column."""
        return {column: number if column in numbers else text for column in self.columns}

    def created(self, **types) -> str:
        """SQL that makes the empty table."""
        return f"CREATE TABLE {self.name} ({', '.join(f'{name} {kind}' for name, kind in self.typed(**types).items())})"


class Aggregate:
    """The groups and the functions that the parameters ask for."""

    def __init__(self):
        groups, wanted = os.environ["GROUP_BY"], os.environ["AGG"]
        if not groups and not wanted:
            groups = "1"
        self.groups = [f"c{int(column)}" for column in groups.split(",") if column]
        parts = [part.partition(":") for part in (wanted or "count").split(",")]
        self.wanted = [(function, f"c{int(column)}" if column else None) for function, _, column in parts]

    @cached_property
    def numbers(self) -> set[str]:
        """Columns that are nothing but numbers to the question."""
        as_text = {*self.groups, *(column for function, column in self.wanted if function not in NUMERIC)}
        return {column for function, column in self.wanted if function in NUMERIC} - as_text

    def sql(self, table: str, cast: Callable[[str], str] = "CAST({} AS DOUBLE)".format) -> str:
        """The question to a table; `cast` makes a number of a text."""
        chosen = [*self.groups, *(self._told(function, column, cast) for function, column in self.wanted)]
        grouped = f" GROUP BY {', '.join(self.groups)}" if self.groups else ""
        return f"SELECT {', '.join(chosen)} FROM {table}{grouped}"

    def _told(self, function: str, column: str | None, cast: Callable[[str], str]) -> str:
        if function == "count":
            return f"count({column or '*'})"
        if function == "distinct":
            return f"count(DISTINCT {column})"
        return f"{FUNCTIONS.get(function, function)}({column if column in self.numbers else cast(column)})"


COMPARED = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Select:
    """The columns and the condition that the parameters ask for: `column` is None where there is no condition, and
    `value` is a number if it looks like one."""

    def __init__(self, relation: Relation):
        chosen, condition = places(os.environ["COLUMNS"]), os.environ["WHERE"]
        self.columns = relation.columns if chosen is None else [f"c{place + 1}" for place in chosen]
        self.column = self.operator = self.value = None
        if condition:
            column, self.operator, value = re.split(r"\s*([!<>]=|[=<>])\s*", condition, maxsplit=1)
            self.column = f"c{int(column)}"
            self.value = float(value) if re.fullmatch(r"-?\d+(\.\d+)?", value) else value

    @property
    def numbers(self) -> set[str]:
        """The column of the condition, where its cells are numbers and are not printed."""
        return {self.column} - set(self.columns) if isinstance(self.value, float) else set()

    @property
    def cast(self) -> bool:
        """Whether the column of the condition is text, and has to be a number."""
        return isinstance(self.value, float) and self.column not in self.numbers

    def compare(self, cells):
        """The cells of a library that compares columns, with the value."""
        return COMPARED[self.operator](cells, self.value)

    def sql(self, table: str) -> str:
        asked = f"SELECT {', '.join(self.columns)} FROM {table}"
        if self.column is None:
            return asked
        cell = f"CAST({self.column} AS DOUBLE)" if self.cast else self.column
        value = self.value if isinstance(self.value, float) else f"'{self.value}'"
        return f"{asked} WHERE {cell} {self.operator} {value}"


def joined(left: Relation, right: Relation) -> str:
    """The join of two tables on their first columns."""
    how = os.environ["HOW"]
    of_left = [f"l.{column}" for column in left.columns]
    if how in ("semi", "anti"):
        told = "EXISTS" if how == "semi" else "NOT EXISTS"
        matching = f"SELECT 1 FROM {right.name} r WHERE r.c1 = l.c1"
        return f"SELECT {', '.join(of_left)} FROM {left.name} l WHERE {told} ({matching})"
    if how in ("right", "full"):
        of_left[0] = "COALESCE(l.c1, r.c1)"
    chosen = [*of_left, *(f"r.{column}" for column in right.columns[1:])]
    return f"SELECT {', '.join(chosen)} FROM {left.name} l {how.upper()} JOIN {right.name} r ON l.c1 = r.c1"


def top(table: str) -> str:
    """The records with the greatest numbers; `c2` is a number."""
    return f"SELECT c1, c2 FROM {table} ORDER BY c2 DESC, c1 LIMIT {int(os.environ['K'])}"
