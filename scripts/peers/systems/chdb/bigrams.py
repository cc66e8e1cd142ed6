"""Bigrams: the words of a line beside the same words moved by one."""

from query import lines, write

write(f"""
    WITH words AS (SELECT extractAll(line, '[A-Za-z]+') AS words FROM {lines()}),
    pairs AS (SELECT arrayJoin(arrayZip(arrayPopBack(words), arrayPopFront(words))) AS pair FROM words)
    SELECT lower(concat(pair.1, ' ', pair.2)) AS bigram, count() FROM pairs GROUP BY bigram
""")
