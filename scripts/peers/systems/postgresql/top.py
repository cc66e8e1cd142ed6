"""ORDER BY and LIMIT."""

from database import run
from relations import Relation, top


def asked(database) -> str:
    relation = Relation("input")
    database.load(relation, {"c2"}, "bigint")
    return top(relation.name)


run(asked)
