"""Each line once."""

from database import run
from questions import distinct

run(distinct)
