"""Word count in SQL.

Tokens between spaces are counted first, then the few distinct ones are split at the rarer separators: exact, and as
fast as splitting at spaces alone.
"""

from lines import LINES, write

write(f"""
    WITH tokens AS (
        SELECT token, count(*) AS n
        FROM (SELECT unnest(string_split(line, ' ')) AS token FROM {LINES})
        GROUP BY token
    )
    SELECT word, sum(n)
    FROM (SELECT unnest(string_split_regex(token, '[\\t\\r\\f]+')) AS word, n FROM tokens)
    WHERE word <> ''
    GROUP BY word
""")
