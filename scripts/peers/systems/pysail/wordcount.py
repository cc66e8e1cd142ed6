"""Word count, as in Spark SQL."""

from session import run


def asked(session) -> str:
    session.lines()
    return """
        SELECT word, count(*) FROM (SELECT explode(split(line, '[ \\\\t\\\\r\\\\f]+')) AS word FROM lines)
        WHERE word <> '' GROUP BY word
    """


run(asked)
