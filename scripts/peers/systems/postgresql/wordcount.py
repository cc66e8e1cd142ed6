"""Word count: each line is taken apart where there are blanks."""

from database import run


def asked(database) -> str:
    database.lines()
    return """
        SELECT word, count(*) FROM lines, string_to_table(translate(line, E'\\t\\r\\f', '   '), ' ') AS word
        WHERE word <> '' GROUP BY word
    """


run(asked)
