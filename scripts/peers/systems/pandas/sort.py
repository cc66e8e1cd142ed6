"""The lines in byte order, which is Python's order of strings."""

from lines import run, whole

run(lambda source: whole(source).sort_values("line"))
