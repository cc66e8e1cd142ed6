"""GROUP BY."""

from questions import aggregate
from rows import run

run(aggregate)
