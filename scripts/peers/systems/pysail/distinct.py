"""Each line once."""

from questions import distinct
from session import run

run(distinct, lines=True)
