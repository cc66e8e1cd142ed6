"""The frontier times the matrix of links, where no level is known yet, a level."""

import os

import graphblas as gb
import graphs
from matrix import made


def levels(ids, sources, destinations):
    n = len(ids)
    links = made(n, sources, destinations, True, bool)
    source = ids.index(os.environ["SOURCE"].encode()) if os.environ["SOURCE"] else 0
    found = gb.Vector.from_coo([source], [0], size=n)
    frontier = gb.Vector.from_coo([source], [True], size=n)
    level = 0
    while frontier.nvals:
        level += 1
        reached = gb.Vector(bool, n)
        reached(~found.S) << gb.semiring.any_pair(frontier @ links)
        found(reached.S) << level
        frontier = reached
    return found.to_dense(-1).tolist()


graphs.run(levels)
