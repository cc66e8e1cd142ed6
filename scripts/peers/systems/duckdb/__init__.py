"""DuckDB: one SQL statement over the lines of the input."""

from harness.interpreted import PythonSystem

SYSTEMS = [PythonSystem("duckdb", package="duckdb")]
