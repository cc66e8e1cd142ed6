"""Bigrams: the words of a line with their places, beside the words at the places before."""

from database import run


def asked(database) -> str:
    database.lines()
    return """
        WITH words AS (
            SELECT lines.ctid AS place, word, number,
                lag(word) OVER (PARTITION BY lines.ctid ORDER BY number) AS before
            FROM lines, regexp_split_to_table(lower(line), '[^a-z]+') WITH ORDINALITY AS found(word, number)
            WHERE word <> ''
        )
        SELECT before || ' ' || word, count(*) FROM words WHERE before IS NOT NULL GROUP BY 1
    """


run(asked)
