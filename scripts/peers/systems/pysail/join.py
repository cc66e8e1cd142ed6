"""A join of two files."""

import re

from questions import join
from session import run


def asked(session) -> str:
    # Sail wants each column of an answer to have a name of its own.
    return re.sub(r"\br\.c(\d+)(?=,| FROM)", r"r.c\1 AS r\1", join(session))


run(asked)
