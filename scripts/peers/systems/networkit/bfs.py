"""nk.distance.BFS."""

import os

import graphs
import networkit as nk
from graph import made


def levels(ids, sources, destinations):
    graph = made(len(ids), sources, destinations, directed=True)
    source = ids.index(os.environ["SOURCE"].encode()) if os.environ["SOURCE"] else 0
    found = nk.distance.BFS(graph, source, False)
    found.run()
    return [int(distance) if distance < len(ids) else -1 for distance in found.getDistances()]


graphs.run(levels)
