"""The lines in byte order, which is SQLite's order of blobs."""

from database import run


def ordered(database, lines):
    database.execute("CREATE TABLE lines (line BLOB)")
    database.executemany("INSERT INTO lines VALUES (?)", ((line,) for line in lines))
    return database.execute("SELECT line FROM lines ORDER BY line")


run(ordered)
