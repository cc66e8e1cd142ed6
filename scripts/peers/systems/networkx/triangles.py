"""nx.triangles of the graph without directions and loops."""

import networkx as nx
from program import run


def counts(graph):
    undirected = nx.Graph((one, other) for one, other in graph.edges if one != other)
    undirected.add_nodes_from(graph)
    return {node: b"%d" % count for node, count in nx.triangles(undirected).items()}


run(counts)
