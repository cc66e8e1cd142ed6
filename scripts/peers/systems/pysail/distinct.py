"""Each line once."""

from session import run


def asked(session) -> str:
    session.lines()
    return "SELECT DISTINCT value FROM lines"


run(asked, lines=True)
