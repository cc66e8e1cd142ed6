"""ORDER BY key, then the other column, then the place in the input."""

from output import write
from relations import Relation
from rows import scanned

relation = Relation("input")
write(f"""
    SELECT {", ".join(relation.columns)}
    FROM (SELECT *, row_number() OVER () AS place FROM {scanned(relation)})
    ORDER BY c1, c2 NULLS LAST, place
""")
