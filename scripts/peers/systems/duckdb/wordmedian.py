"""The lengths of words, counted."""

from lines import LINES, write

write(f"""
    SELECT strlen(word) AS length, count(*)
    FROM (SELECT unnest(regexp_extract_all(line, '[^ \\t\\r\\f]+')) AS word FROM {LINES})
    GROUP BY length
""")
