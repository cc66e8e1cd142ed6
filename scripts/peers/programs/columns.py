"""Columns by number, as parameters list them."""


def places(text: str) -> list[int] | None:
    """`1,3-5` as indices from 0; nothing for all columns."""
    ranges = [(*part.split("-"), part)[:2] for part in text.split(",")] if text else []
    return [column - 1 for first, last in ranges for column in range(int(first), int(last) + 1)] or None
