"""Each line once."""

from database import run


def asked(database) -> str:
    database.load_lines()
    return "SELECT DISTINCT line FROM lines"


run(asked)
