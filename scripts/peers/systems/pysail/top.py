"""ORDER BY and LIMIT."""

from session import run
from relations import Relation, top


def asked(session) -> str:
    relation = Relation("input")
    session.table(relation, {"c2"}, "bigint")
    return top(relation.name)


run(asked)
