"""GROUP BY."""

from relations import Aggregate, Relation
from rows import loaded, run


def asked(database) -> str:
    question, relation = Aggregate(), Relation("input")
    loaded(database, relation, question.numbers)
    return question.sql(relation.name, "CAST({} AS REAL)".format)


run(asked)
