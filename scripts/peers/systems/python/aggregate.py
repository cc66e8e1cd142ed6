"""Rows from the csv module, groups in a dictionary."""

import csv
import sys
import time
from pathlib import Path

from relations import Aggregate, Relation

question, relation = Aggregate(), Relation("input")
places = [int(column[1:]) - 1 for column in question.groups]
wanted = [(function, column and int(column[1:]) - 1) for function, column in question.wanted]


class Values:
    """What there is of a column in a group."""

    __slots__ = ("count", "total", "least", "greatest", "seen")

    def __init__(self):
        self.count, self.total, self.least, self.greatest, self.seen = 0, 0.0, None, None, set()


def groups() -> dict:
    numeric = {place for function, place in wanted if function in ("sum", "mean", "min", "max")}
    distinct = {place for function, place in wanted if function == "distinct"}
    used = sorted({place for _, place in wanted if place is not None})
    found = {}
    with open("input", newline="", encoding="utf-8") as file:
        for row in csv.reader(file, delimiter=relation.separator):
            if not row:
                continue
            key = tuple(row[place] for place in places)
            group = found.get(key)
            if group is None:
                group = found[key] = [0, {place: Values() for place in used}]
            group[0] += 1
            for place, values in group[1].items():
                cell = row[place]
                if not cell:
                    continue
                values.count += 1
                if place in distinct:
                    values.seen.add(cell)
                if place in numeric:
                    number = float(cell)
                    values.total += number
                    values.least = number if values.least is None else min(values.least, number)
                    values.greatest = number if values.greatest is None else max(values.greatest, number)
    return found


def told(function: str, values: Values):
    if function == "count":
        return values.count
    if function == "distinct":
        return len(values.seen)
    if not values.count:
        return ""
    return {"sum": values.total, "mean": values.total / values.count, "min": values.least, "max": values.greatest}[
        function
    ]


started = time.perf_counter()
output = Path(sys.argv[2])
output.mkdir()
with open(output / "part", "w", encoding="utf-8", newline="") as part:
    writer = csv.writer(part, delimiter="\t", lineterminator="\n")
    for key, (rows, columns) in groups().items():
        writer.writerow(
            [*key, *(rows if place is None else told(function, columns[place]) for function, place in wanted)]
        )
print(f"work_seconds={time.perf_counter() - started:.6f}")
