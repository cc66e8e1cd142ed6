"""Finds the separator of a table, for programs that have to be told.

twinmill tries each separator on the first rows and takes the one that leaves numbers. Here it has to be plain: the one
that was given, or the only one of comma, TAB and semicolon that there is, or spaces where there is none of them.
"""

import re

from .data import Data

_NAMES = {"comma": ",", "tab": "\t", "\\t": "\t", "semicolon": ";", "space": " "}


def separator(data: Data, parameters: dict[str, str]) -> str | None:
    """The character between fields, a space for any number of them; `None` where it is not plain."""
    given = parameters["separator"]
    if given:
        return _NAMES.get(given, given)
    found = [sign for sign in ",\t;" if data.has(sign.encode())]
    return (found or [" "])[0] if len(found) < 2 else None


def by_number(parameters: dict[str, str]) -> bool:
    """Whether columns are named by number."""
    columns = f"{parameters.get('columns', '')},{parameters.get('label-column', '')}"
    return all(part.isdigit() for part in re.split("[-,]", columns) if part)


def is_plain(data: Data, parameters: dict[str, str]) -> bool:
    """Whether the first row has numbers between separators, except the label and columns that are not taken."""
    between = separator(data, parameters)
    if between is None:
        return False
    fields = _first_row(data, parameters, between)
    chosen = {*_columns(parameters.get("columns", ""), len(fields))} - {_label(parameters)}
    return all(is_number(field) for column, field in enumerate(fields, 1) if column in chosen)


def width(data: Data, parameters: dict[str, str]) -> int:
    """The number of fields of the first row; 0 where there is none, or what is between them is not plain."""
    between = separator(data, parameters)
    return len(_first_row(data, parameters, between)) if between else 0


def _first_row(data: Data, parameters: dict[str, str], between: str) -> list[bytes]:
    lines = data.text[data.mark_bytes : data.mark_bytes + _LOOKED_AT].split(b"\n")
    rows = [line for line in lines[parameters["header"] == "yes" :] if line.strip()]
    return rows[0].strip(b" \r\n").split(None if between == " " else between.encode()) if rows else []


def environment(data: Data, parameters: dict[str, str]) -> dict[str, str]:
    """Parameters of this table for the programs that read it."""
    plain = not (data.mark_bytes or data.has(b'"') or _BLANKS_ALONE.search(data.text))
    return {"SEPARATOR": separator(data, parameters) or "", "PLAIN_ROWS": "yes" if plain else ""}


_LOOKED_AT = 1 << 20
_BLANKS_ALONE = re.compile(rb"(^|\n)[ \t]+\r?(\n|$)")


def _columns(text: str, width: int):
    for part in text.split(",") if text else [f"1-{width}"]:
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def _label(parameters: dict[str, str]) -> int | None:
    return int(parameters["label-column"] or 1) if "label-column" in parameters else None


def is_number(field: bytes) -> bool:
    try:
        float(field.strip().strip(b'"'))
    except ValueError:
        return False
    return True
