"""scipy.sparse.csgraph: the shortest paths of an unweighted graph from one node."""

import os

import numpy as np
import scipy.sparse
from program import graph, run
from scipy.sparse.csgraph import breadth_first_order


def lines(source):
    ids, sources, destinations = graph(source)
    n = len(ids)
    if n == 0:
        return []
    links = scipy.sparse.csr_array((np.ones(len(sources), dtype=np.int8), (sources, destinations)), shape=(n, n))
    first = ids.index(os.environ["SOURCE"].encode()) if os.environ["SOURCE"] else 0
    order, before = breadth_first_order(links, first)
    levels = np.full(n, -1)
    levels[first] = 0
    for node in order[1:].tolist():
        levels[node] = levels[before[node]] + 1
    return (b"%b\t%d\n" % (id, level) for id, level in zip(ids, levels.tolist()))


run(lines)
