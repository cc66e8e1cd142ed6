"""Each line once."""

from query import lines, write

write(f"SELECT DISTINCT line FROM {lines()}")
