"""Shared by Polars' programs on texts: the input as a frame of lines."""

import sys
from collections.abc import Callable

import output
import polars


def write(query: Callable[[polars.LazyFrame], polars.LazyFrame], line_end: str = "\n") -> None:
    """As `output.write`, of a query on the frame of column `line`."""
    output.write(lambda: query(polars.scan_lines(sys.argv[1], name="line")), line_end)


def write_files(query: Callable[[polars.LazyFrame], polars.LazyFrame]) -> None:
    """As `write`, of the lines of all files of the input, with their `path`."""
    output.write(lambda: query(polars.scan_lines(sys.argv[1], name="line", include_file_paths="path")))
