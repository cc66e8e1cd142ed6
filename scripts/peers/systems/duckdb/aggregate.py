"""GROUP BY over the file."""

from output import write
from relations import Aggregate, Relation
from rows import scanned

question = Aggregate()
write(question.sql(scanned(Relation("input"), question.numbers)))
