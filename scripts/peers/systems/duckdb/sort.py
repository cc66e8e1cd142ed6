"""The lines in byte order, which is DuckDB's order of strings."""

from lines import LINES, write

write(f"SELECT line FROM {LINES} ORDER BY line NULLS FIRST")
