"""Records by their 10-byte key."""

from lines import LINES, write

write(f"SELECT line FROM {LINES} ORDER BY line[1:10]")
