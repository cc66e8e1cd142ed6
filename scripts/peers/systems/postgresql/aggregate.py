"""GROUP BY."""

from database import run
from questions import aggregate

run(aggregate)
