"""A mask of the rows, and a list of columns."""

import pandas as pd
from relations import Relation, Select
from rows import options, write


def answer() -> pd.DataFrame:
    relation = Relation("input")
    question = Select(relation)
    used = {*question.columns, *([question.column] if question.column else [])}
    frame = pd.read_csv(**options(relation, question.numbers, sorted(used, key=relation.columns.index)))
    if question.column:
        cells = frame[question.column]
        frame = frame[question.compare(cells.astype("float64") if question.cast else cells) & cells.notna()]
    return frame[question.columns]


write(answer)
