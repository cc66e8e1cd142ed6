"""The questions of databases that are asked in standard SQL, whatever they are reached by.

A database has `table(relation, numbers, whole)`, which makes a table of a file, with columns that are numbers (`whole`:
without fractions), and `lines()`, which makes a table `lines` of the lines of the input, with the column `line`. Where
it takes tables in before it answers, `timed` tells how long.
"""

import time
from collections.abc import Callable

from relations import Aggregate, Relation, Select, joined
from relations import top as greatest


def aggregate(database) -> str:
    question, relation = Aggregate(), Relation("input")
    database.table(relation, question.numbers)
    return question.sql(relation.name)


def join(database) -> str:
    left, right = Relation("left", "of_left", key="c1"), Relation("right", "of_right", key="c1")
    database.table(left)
    database.table(right)
    return joined(left, right)


def top(database) -> str:
    relation = Relation("input")
    database.table(relation, {"c2"}, whole=True)
    return greatest(relation.name)


def select(database) -> str:
    relation = Relation("input")
    question = Select(relation)
    database.table(relation, question.numbers)
    return question.sql(relation.name)


def distinct(database) -> str:
    database.lines()
    return "SELECT DISTINCT line FROM lines"


def timed(database, asked: Callable[..., str]) -> None:
    """Lets `asked` load tables, and `database.write` the answer to the question that it returns."""
    started = time.perf_counter()
    question = asked(database)
    loaded = time.perf_counter()
    database.write(question)
    print(f"load_seconds={loaded - started:.6f}")
    print(f"work_seconds={time.perf_counter() - loaded:.6f}")
