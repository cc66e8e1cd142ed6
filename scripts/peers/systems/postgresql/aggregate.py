"""GROUP BY."""

from database import run
from relations import Aggregate, Relation


def asked(database) -> str:
    question, relation = Aggregate(), Relation("input")
    database.load(relation, question.numbers)
    return question.sql(relation.name)


run(asked)
