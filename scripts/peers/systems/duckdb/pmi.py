"""The terms of lines joined with themselves."""

import os

from lines import LINES, write

write(f"""
    WITH lines AS MATERIALIZED (SELECT line, row_number() OVER () AS place FROM {LINES}),
    terms AS MATERIALIZED (
        SELECT DISTINCT place, lower(unnest(regexp_extract_all(line, '[A-Za-z]+'))) AS term FROM lines
    ),
    counts AS (SELECT term, count(*) AS n FROM terms GROUP BY term HAVING n >= {int(os.environ["MIN_COUNT"])}),
    frequent AS MATERIALIZED (SELECT place, term, n FROM terms JOIN counts USING (term))
    SELECT a.term || ' ' || b.term,
        log10((SELECT count(*) FROM lines) * count(*) / (any_value(a.n) * any_value(b.n))), count(*)
    FROM frequent a JOIN frequent b ON a.place = b.place AND a.term < b.term
    GROUP BY a.term, b.term HAVING count(*) >= {int(os.environ["MIN_COUNT"])}
""")
