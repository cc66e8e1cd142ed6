"""ORDER BY and LIMIT."""

from questions import top
from session import run

run(top)
