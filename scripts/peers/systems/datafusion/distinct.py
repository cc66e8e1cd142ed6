"""Each line once."""

from query import NO_BYTE_OF_TEXT, run
from questions import distinct

run(distinct, between=NO_BYTE_OF_TEXT)
