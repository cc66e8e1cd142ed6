"""ORDER BY and LIMIT."""

import pyarrow as pa
from query import run
from relations import Relation, top


def asked(session) -> str:
    relation = Relation("input")
    session.table(relation, {"c2"}, pa.int64())
    return top(relation.name)


run(asked)
