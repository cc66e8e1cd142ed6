"""ORDER BY and LIMIT."""

from database import run
from questions import top

run(top)
