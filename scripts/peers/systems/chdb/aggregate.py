"""GROUP BY over the file."""

from query import scanned, write
from relations import Aggregate, Relation

question = Aggregate()
write(question.sql(scanned(Relation("input"), question.numbers), "toFloat64({})".format))
