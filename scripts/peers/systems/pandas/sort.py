"""The lines in byte order, which is the order of the strings that they are read as."""

from lines import run, whole

run(lambda source: whole(source).sort_values())
