"""Records by their 10-byte key."""

from database import run


def ordered(database, lines):
    database.execute("CREATE TABLE records (key BLOB, record BLOB)")
    database.executemany("INSERT INTO records VALUES (?, ?)", ((line[:10], line) for line in lines))
    return database.execute("SELECT record FROM records ORDER BY key")


run(ordered)
