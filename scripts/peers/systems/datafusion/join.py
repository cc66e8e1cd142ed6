"""A join of two files."""

from query import run
from relations import Relation, joined


def asked(session) -> str:
    left, right = Relation("left", "of_left"), Relation("right", "of_right")
    session.table(left)
    session.table(right)
    return joined(left, right)


run(asked)
