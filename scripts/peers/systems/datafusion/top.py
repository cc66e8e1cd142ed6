"""ORDER BY and LIMIT."""

from query import run
from questions import top

run(top, in_order=True)
