"""GROUP BY over the file."""

from query import run
from questions import aggregate

run(aggregate)
