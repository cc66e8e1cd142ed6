"""nk.components.WeaklyConnectedComponents; each is named by its smallest id, which is its first node."""

import graphs
import networkit as nk
import numpy as np
from graph import made


def labels(ids, sources, destinations):
    graph = made(len(ids), sources, destinations, directed=True)
    found = nk.components.WeaklyConnectedComponents(graph)
    found.run()
    partition = np.array(found.getPartition().getVector())
    _, first, which = np.unique(partition, return_index=True, return_inverse=True)
    return [ids[node] for node in first[which].tolist()]


graphs.run(labels)
