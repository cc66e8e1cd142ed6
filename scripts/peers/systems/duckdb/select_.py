"""SELECT and WHERE over the file."""

from output import write
from relations import Relation, Select
from rows import scanned

relation = Relation("input")
question = Select(relation)
write(question.sql(scanned(relation, question.numbers)))
