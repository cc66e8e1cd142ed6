"""A join of two files."""

from database import run
from relations import Relation, joined


def asked(database) -> str:
    left, right = Relation("left", "of_left"), Relation("right", "of_right")
    tables = ", ".join(f"{side.name} AS {database.table(side)}" for side in (left, right))
    return f"WITH {tables} {joined(left, right)}"


run(asked)
