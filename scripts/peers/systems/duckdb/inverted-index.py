"""The inverted index in SQL: terms counted by file, then listed by term."""

from lines import FILES, write

write(
    f"""
    WITH terms AS (
        SELECT lower(unnest(regexp_extract_all(line, '[A-Za-z]+'))) AS term,
            regexp_replace(parse_filename(filename), '\\.[^.]*$', '') AS document
        FROM {FILES}
    ),
    counts AS (SELECT term, document, count(*) AS n FROM terms GROUP BY term, document)
    SELECT term, count(*), string_agg(document || ':' || n, ',' ORDER BY document) FROM counts GROUP BY term
""",
    source="input/*",
)
