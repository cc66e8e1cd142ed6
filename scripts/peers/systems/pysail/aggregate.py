"""GROUP BY over the file."""

from questions import aggregate
from session import run

run(aggregate)
