"""A join of two tables, with an index on the key of each, which is a part of the load."""

from questions import join
from rows import run

run(join)
