"""The lines in byte order, which is ClickHouse's order of strings."""

from query import lines, write

write(f"SELECT line FROM {lines()} ORDER BY line")
