"""tf-idf in SQL: terms counted by file, beside the number of files that each term is in."""

from lines import write
from terms import COUNTS

write(
    f"""
    {COUNTS}
    SELECT term, document, n * ln((SELECT count(*) FROM glob($input)) / count(*) OVER (PARTITION BY term)) FROM counts
""",
    source="input/*",
)
