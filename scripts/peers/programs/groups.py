"""The groups of an aggregate in a dictionary, for stores that hand out rows and do not group them."""

from collections.abc import Iterator

from relations import NUMERIC, Aggregate


class Groups:
    """Takes rows of `columns` one by one."""

    def __init__(self):
        question = Aggregate()
        self._wanted = question.wanted
        self.columns = list(
            dict.fromkeys([*question.groups, *(column for _, column in question.wanted if column)])
        ) or ["c1"]
        self._keys = [self.columns.index(column) for column in question.groups]
        self._values = [(function, column and self.columns.index(column)) for function, column in question.wanted]
        self._groups: dict[tuple, list] = {}

    def add(self, row) -> None:
        key = tuple(row[place] or "" for place in self._keys)
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = [_first(function) for function, _ in self._values]
        for place, (function, column) in enumerate(self._values):
            cell = row[column] if column is not None else "1"
            if not cell:
                continue
            if function in NUMERIC:
                number, (count, total, least, greatest) = float(cell), group[place]
                group[place] = (count + 1, total + number, min(least, number), max(greatest, number))
            elif function == "distinct":
                group[place].add(cell)
            else:
                group[place] += 1

    def told(self) -> Iterator[tuple[str, str]]:
        """Each group's key and values as they are printed: a TAB ends each cell of the key."""
        for key, group in self._groups.items():
            values = (_told(function, state) for (function, _), state in zip(self._wanted, group))
            yield "".join(f"{cell}\t" for cell in key), "\t".join(values)


def _first(function: str):
    if function == "distinct":
        return set()
    return (0, 0.0, float("inf"), float("-inf")) if function in NUMERIC else 0


def _told(function: str, state) -> str:
    if function == "count":
        return str(state)
    if function == "distinct":
        return str(len(state))
    count, total, least, greatest = state
    if not count:
        return ""
    return repr({"sum": total, "mean": total / count, "min": least, "max": greatest}[function])
