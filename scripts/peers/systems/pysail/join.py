"""A join of two files."""

import re

from relations import Relation, joined
from session import run


def asked(session) -> str:
    left, right = Relation("left", "of_left"), Relation("right", "of_right")
    session.table(left)
    session.table(right)
    # Sail wants each column of an answer to have a name of its own.
    return re.sub(r"\br\.c(\d+)(?=,| FROM)", r"r.c\1 AS r\1", joined(left, right))


run(asked)
