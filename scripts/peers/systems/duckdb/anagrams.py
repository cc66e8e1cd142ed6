"""Words grouped by their sorted letters."""

from lines import LINES, write

write(f"""
    WITH words AS (SELECT DISTINCT unnest(regexp_extract_all(line, '[^ \\t\\r\\f]+')) AS word FROM {LINES})
    SELECT array_to_string(list_sort(string_split(word, '')), '') AS letters, string_agg(word, ',' ORDER BY word)
    FROM words GROUP BY letters HAVING count(*) > 1
""")
