"""ORDER BY and LIMIT."""

from relations import Relation, top
from rows import loaded, run


def asked(database) -> str:
    relation = Relation("input")
    loaded(database, relation, {"c2"}, "INTEGER")
    return top(relation.name)


run(asked)
