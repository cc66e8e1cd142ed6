"""nx.single_source_shortest_path_length."""

import os

import networkx as nx
from program import run


def levels(graph):
    source = os.environ["SOURCE"].encode() or min(graph, default=None)
    found = nx.single_source_shortest_path_length(graph, source) if graph else {}
    return {node: b"%d" % found.get(node, -1) for node in graph}


run(levels)
