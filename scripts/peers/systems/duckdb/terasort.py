"""Records by their 10-byte key. The reader drops the carriage return at their end, so it is put back."""

from lines import LINES, write

write(f"SELECT line || chr(13) FROM {LINES} ORDER BY line[1:10]")
