"""Shared by DuckDB's programs on tables: read_csv with the types that the question has."""

from relations import Relation


def scanned(relation: Relation, numbers: set[str] = frozenset()) -> str:
    types = ", ".join(f"'{name}': '{kind}'" for name, kind in relation.typed(numbers).items())
    return (
        f"read_csv('{relation.path}', columns = {{{types}}}, header = false, auto_detect = false, "
        f"delim = '{relation.separator}', quote = '\"', escape = '\"')"
    )
