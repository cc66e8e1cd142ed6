"""Each line once."""

from lines import write

write(lambda lines: lines.unique())
