"""Word count: tokens between spaces are counted first, then the few distinct ones are split at the rarer separators."""

from query import run


def asked(session) -> str:
    session.lines()
    return """
        WITH tokens AS (
            SELECT token, count(*) AS n
            FROM (SELECT unnest(string_to_array(line, ' ')) AS token FROM lines) GROUP BY token
        ),
        words AS (
            SELECT unnest(string_to_array(regexp_replace(token, '[\\t\\r\\f]', ' ', 'g'), ' ')) AS word, n FROM tokens
        )
        SELECT word, sum(n) FROM words WHERE word <> '' GROUP BY word
    """


run(asked)
