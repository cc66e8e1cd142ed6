"""nx.weakly_connected_components, each labelled with its smallest node."""

import networkx as nx
from program import run


def labels(graph):
    components = ((min(component), component) for component in nx.weakly_connected_components(graph))
    return {node: smallest for smallest, component in components for node in component}


run(labels)
