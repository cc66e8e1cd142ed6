"""A join of two tables, with an index on the key of each, which is a part of the load."""

from relations import Relation, joined
from rows import loaded, run


def asked(database) -> str:
    left, right = Relation("left", "of_left"), Relation("right", "of_right")
    for side in (left, right):
        loaded(database, side)
        database.execute(f"CREATE INDEX key_{side.name} ON {side.name} (c1)")
    return joined(left, right)


run(asked)
