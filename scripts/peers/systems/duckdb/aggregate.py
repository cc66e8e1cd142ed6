"""GROUP BY over the file."""

from relations import Aggregate, Relation
from rows import scanned, write

question = Aggregate()
write(question.sql(scanned(Relation("input"), question.numbers)))
