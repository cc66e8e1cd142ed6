"""A join of two tables."""

from database import run
from questions import join

run(join)
