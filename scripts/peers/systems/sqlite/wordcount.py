"""Word count: SQL has no way to split a text into rows, so Python does, and SQLite counts.

Counting by upsert is as fast as a table of all words and GROUP BY, and takes memory for the distinct words alone.
bytes.split ends words at VT too, so a line with one is searched.
"""

import re

from database import run

WORD = re.compile(rb"[^ \t\n\r\f]+")


def counts(database, lines):
    database.execute("CREATE TABLE counts (word BLOB PRIMARY KEY, n INTEGER) WITHOUT ROWID")
    words = ((word,) for line in lines for word in (WORD.findall(line) if b"\v" in line else line.split()))
    database.executemany("INSERT INTO counts VALUES (?, 1) ON CONFLICT (word) DO UPDATE SET n = n + 1", words)
    return database.execute("SELECT word, n FROM counts")


run(counts)
