"""The inverted index: terms counted by file, then listed by term."""

from query import lines, write

write(f"""
    WITH counts AS (
        SELECT lower(arrayJoin(extractAll(line, '[A-Za-z]+'))) AS term,
            replaceRegexpOne(_file, '\\\\.[^.]*$', '') AS document, count() AS n
        FROM {lines("input/*")} GROUP BY term, document
    )
    SELECT term, count(), arrayStringConcat(arraySort(groupArray(concat(document, ':', toString(n)))), ',')
    FROM counts GROUP BY term
""")
