"""The adjacency matrix times itself, at the places where it has entries itself: as many ways of two steps as
triangles."""

import numpy as np
import scipy.sparse
from program import graph, run


def lines(source):
    ids, sources, destinations = graph(source)
    n = len(ids)
    kept = sources != destinations
    one, other = sources[kept], destinations[kept]
    links = scipy.sparse.csr_array(
        (np.ones(2 * len(one), dtype=np.int64), (np.r_[one, other], np.r_[other, one])), shape=(n, n)
    )
    links.data[:] = 1
    # Each edge once, from the node of smaller degree to the other: no list is long.
    degrees = np.diff(links.indptr)
    edges = links.tocoo()
    row, column = (degrees[end].astype(np.int64) * n + end for end in (edges.row, edges.col))
    later = column > row
    upper = scipy.sparse.csr_array((edges.data[later], (edges.row[later], edges.col[later])), shape=(n, n))
    # closed[a, b]: nodes between a and b; middle[a, b]: nodes after both.
    closed, middle = (upper @ upper).multiply(upper), (upper @ upper.T).multiply(upper)
    first, last = closed.sum(axis=1), closed.sum(axis=0)
    between = middle.sum(axis=0)
    counts = np.asarray(first) + np.asarray(last) + np.asarray(between)
    return (b"%b\t%d\n" % (id, count) for id, count in zip(ids, counts.tolist()))


run(lines)
