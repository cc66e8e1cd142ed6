"""Ways of two steps, counted where an edge closes them."""

import graphblas as gb
import graphs
import numpy as np
from matrix import made


def counts(ids, sources, destinations):
    n = len(ids)
    one, other = graphs.undirected(sources, destinations, n)
    both = made(n, np.r_[one, other], np.r_[other, one], 1, int)
    closed = gb.Matrix(int, n, n)
    closed(both.S) << gb.semiring.plus_pair(both @ both.T)
    return (closed.reduce_rowwise(gb.monoid.plus).new().to_dense(0) // 2).tolist()


graphs.run(counts)
