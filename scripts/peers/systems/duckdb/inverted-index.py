"""The inverted index in SQL: terms counted by file, then listed by term."""

from lines import write
from terms import COUNTS

write(
    f"""
    {COUNTS}
    SELECT term, count(*), string_agg(document || ':' || n, ',' ORDER BY document) FROM counts GROUP BY term
""",
    source="input/*",
)
