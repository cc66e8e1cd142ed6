"""A join of two tables."""

from database import run
from relations import Relation, joined


def asked(database) -> str:
    left, right = Relation("left", "of_left"), Relation("right", "of_right")
    database.load(left)
    database.load(right)
    return joined(left, right)


run(asked)
