"""Bigrams in SQL: the words of a line beside the same words without the first.

Words are found before they become lower case, since lower() knows letters beyond ASCII that become ASCII letters.
"""

from lines import LINES, write

write(f"""
    WITH words AS (SELECT regexp_extract_all(line, '[A-Za-z]+') AS words FROM {LINES}),
    pairs AS (SELECT unnest(list_zip(words[:-2], words[2:])) AS pair FROM words WHERE len(words) > 1)
    SELECT lower(pair[1] || ' ' || pair[2]) AS bigram, count(*) FROM pairs GROUP BY bigram
""")
