"""SELECT and WHERE."""

from questions import select
from rows import run

run(select)
