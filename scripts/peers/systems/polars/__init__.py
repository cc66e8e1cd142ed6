"""Polars: a lazy query, run by the streaming engine."""

from harness.interpreted import PythonSystem

SYSTEMS = [PythonSystem("polars", package="polars")]
