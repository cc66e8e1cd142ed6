"""A join of two files."""

from query import run
from questions import join

run(join)
