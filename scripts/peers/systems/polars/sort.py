"""The lines in byte order, which is Polars' order of strings."""

from lines import write

write(lambda lines: lines.sort("line"))
