"""Shared by DuckDB's programs on documents: the terms of each, counted."""

from lines import FILES

COUNTS = f"""
    WITH terms AS (
        SELECT lower(unnest(regexp_extract_all(line, '[A-Za-z]+'))) AS term,
            regexp_replace(parse_filename(filename), '\\.[^.]*$', '') AS document
        FROM {FILES}
    ),
    counts AS (SELECT term, document, count(*) AS n FROM terms GROUP BY term, document)
"""
