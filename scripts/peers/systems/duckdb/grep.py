"""Matches of PATTERN, counted and sorted by falling count."""

import os

from lines import LINES, write

write(
    f"""
    SELECT match, count(*) AS n
    FROM (SELECT unnest(regexp_extract_all(line, $pattern)) AS match FROM {LINES})
    WHERE match <> ''
    GROUP BY match
    ORDER BY n DESC, match
    """,
    pattern=os.environ["PATTERN"],
)
