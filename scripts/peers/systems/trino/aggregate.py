"""GROUP BY over the file."""

from database import run
from relations import Aggregate, Relation


def asked(database) -> str:
    question, relation = Aggregate(), Relation("input")
    question.numbers = set()
    return question.sql(database.table(relation))


run(asked)
