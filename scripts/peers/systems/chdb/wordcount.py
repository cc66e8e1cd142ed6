"""Word count: tokens between spaces, TABs, CR and FF, counted."""

from query import lines, write

write(f"""
    SELECT arrayJoin(splitByRegexp('[ \\t\\r\\f]+', line)) AS word, count() FROM {lines()}
    GROUP BY word HAVING word != ''
""")
