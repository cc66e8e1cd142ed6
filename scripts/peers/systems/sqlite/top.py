"""ORDER BY and LIMIT."""

from questions import top
from rows import run

run(top)
