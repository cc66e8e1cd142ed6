"""Records by their 10-byte key."""

from lines import run, whole

run(lambda source: whole(source).sort_values(key=lambda line: line.str[:10]))
