"""Each line once. An empty line is NULL here."""

from query import NO_BYTE_OF_TEXT, run


def asked(session) -> str:
    session.lines()
    return "SELECT DISTINCT line FROM lines"


run(asked, between=NO_BYTE_OF_TEXT)
