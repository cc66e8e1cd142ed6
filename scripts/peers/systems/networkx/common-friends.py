"""nx.common_neighbors of every edge of the graph without directions and loops."""

import networkx as nx
from program import run


def common(graph):
    friends = nx.Graph((one, other) for one, other in graph.edges if one != other)
    pairs = {(min(ends), max(ends)): sorted(nx.common_neighbors(friends, *ends)) for ends in friends.edges}
    return {b"\t".join(pair): b",".join(found) for pair, found in pairs.items() if found}


run(common)
