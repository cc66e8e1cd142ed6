"""What NetworkX's programs share: reading the graph, and writing a table of its nodes."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import networkx as nx


def run(table: Callable[[nx.DiGraph], dict[str, object]]) -> None:
    """Write what `table` says of each node of the input graph to the output folder."""
    source, output = sys.argv[1], Path(sys.argv[2])
    started = time.perf_counter()
    graph = nx.read_edgelist(source, delimiter="\t", create_using=nx.DiGraph, data=False)
    answer = table(graph)
    output.mkdir()
    with open(output / "part", "w") as part:
        part.writelines(f"{node}\t{value}\n" for node, value in answer.items())
    print(f"work_seconds={time.perf_counter() - started:.6f}")
