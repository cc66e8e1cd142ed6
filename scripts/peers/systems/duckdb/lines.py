"""Shared by DuckDB's programs on texts: the input as a table of lines."""

import sys

import output

LINES = (
    "read_csv($input, columns = {'line': 'VARCHAR'}, header = false, auto_detect = false, strict_mode = false, "
    "delim = '\x01', quote = '', escape = '')"
)
"""The lines as column `line`; empty ones are NULL. read_csv reads in parallel, which read_text does not; the delimiter
is a byte that no text holds. UTF-8 only."""

FILES = LINES.replace("header", "filename = true, header")
"""The lines of several files, with the column `filename`."""


def write(query: str, source: str = sys.argv[1], **parameters: str) -> None:
    """As `output.write`, of a query that reads `LINES`."""
    output.write(query, input=source, **parameters)
