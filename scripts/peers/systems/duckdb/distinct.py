"""Each line once. An empty line is NULL here, and one of the distinct lines."""

from lines import LINES, write

write(f"SELECT DISTINCT line FROM {LINES}")
