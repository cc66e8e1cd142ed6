"""The lines in byte order."""

from query import NO_BYTE_OF_TEXT, run


def asked(session) -> str:
    session.lines()
    return "SELECT line FROM lines ORDER BY line"


run(asked, between=NO_BYTE_OF_TEXT, in_order=True)
