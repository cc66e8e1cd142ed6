"""Turns a workload's size into options of `twinmill gen`: bytes as they are, counts as `250000`, `250k` or `1M`."""

_SCALES = {"k": 1_000, "M": 1_000_000, "G": 1_000_000_000}
_EDGES_PER_NODE = 8


def in_bytes(size: str) -> list[str]:
    return ["--size", size]


def in_records(size: str) -> list[str]:
    return ["--records", str(_count(size))]


def in_nodes(size: str) -> list[str]:
    """A graph of that many nodes with eight edges each."""
    return ["--nodes", str(_count(size)), "--edges", str(_count(size) * _EDGES_PER_NODE)]


def _count(size: str) -> int:
    digits, scale = (size[:-1], _SCALES[size[-1]]) if size[-1:] in _SCALES else (size, 1)
    if not digits.isdecimal():
        raise ValueError(f"{size!r} is not a count such as 250000, 250k or 1M")
    return int(digits) * scale
