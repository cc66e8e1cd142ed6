"""Components by scipy.sparse.csgraph. An id's index is its place in byte order: the first of a component names it."""

import numpy as np
import scipy.sparse
from program import graph, run
from scipy.sparse.csgraph import connected_components


def lines(source):
    ids, sources, destinations = graph(source)
    if not ids:
        return []
    links = scipy.sparse.coo_array((np.ones(len(sources), np.int8), (sources, destinations)), shape=(len(ids),) * 2)
    _, labels = connected_components(links, connection="weak")
    _, first = np.unique(labels, return_index=True)
    return (b"%b\t%b\n" % (id, ids[smallest]) for id, smallest in zip(ids, first[labels].tolist()))


run(lines)
