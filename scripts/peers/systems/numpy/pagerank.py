"""PageRank as products of the transposed adjacency matrix and the vector of what each node gives to a neighbour."""

import os

import numpy as np
import scipy.sparse
from iterations import timed
from program import graph, run

DAMPING = float(os.environ["DAMPING"])


def lines(source):
    ids, sources, destinations = graph(source)
    n = len(ids)
    if n == 0:
        return []
    ones = np.ones(len(sources))
    links = scipy.sparse.csr_array((ones, (sources, destinations)), shape=(n, n))  # adds duplicates up
    links.data[:] = 1
    degrees = np.diff(links.indptr)
    dangling = degrees == 0
    incoming = links.T.tocsr()

    ranks = np.full(n, 1 / n)
    for _ in timed(int(os.environ["ITERATIONS"])):
        received = incoming @ (ranks / np.maximum(degrees, 1))
        ranks = (1 - DAMPING) / n + DAMPING * (received + ranks[dangling].sum() / n)
    return (b"%b\t%r\n" % (id, rank) for id, rank in zip(ids, ranks.tolist()))


run(lines)
