"""Shared by NetworkX's programs: reading the graph, and writing a table of its nodes."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import networkx as nx
import reading


def run(table: Callable[[nx.DiGraph], dict[str, object]]) -> None:
    """Write what `table` says of each node of the input graph to the output folder."""
    source, output = sys.argv[1], Path(sys.argv[2])
    started = time.perf_counter()
    # nx.read_edgelist takes # for a comment anywhere in a line, and an id for characters.
    graph = nx.DiGraph(reading.edges(source))
    answer = table(graph)
    reading.write(output, (b"%b\t%b\n" % (node, _bytes(value)) for node, value in answer.items()))
    print(f"work_seconds={time.perf_counter() - started:.6f}")


def _bytes(value: bytes | float) -> bytes:
    return value if isinstance(value, bytes) else repr(float(value)).encode()
