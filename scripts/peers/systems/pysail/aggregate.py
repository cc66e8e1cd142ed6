"""GROUP BY over the file."""

from session import run
from relations import Aggregate, Relation


def asked(session) -> str:
    question, relation = Aggregate(), Relation("input")
    session.table(relation, question.numbers)
    return question.sql(relation.name)


run(asked)
