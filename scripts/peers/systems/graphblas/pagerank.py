"""What nodes give to their neighbours, times the matrix of links, an iteration."""

import os

import graphblas as gb
import graphs
from iterations import timed
from matrix import made


def ranks(ids, sources, destinations):
    n, damping = len(ids), float(os.environ["DAMPING"])
    links = made(n, sources, destinations, 1.0, float)
    degrees = links.reduce_rowwise(gb.monoid.plus).new()
    rank = gb.Vector(float, n)
    rank << 1 / n
    for _ in timed(int(os.environ["ITERATIONS"])):
        given = rank.ewise_mult(degrees, gb.binary.truediv).new()
        received = gb.semiring.plus_first(given @ links).new()
        at_dead_ends = rank.reduce(gb.monoid.plus).get(0.0) - rank.ewise_mult(degrees, gb.binary.first).new().reduce(
            gb.monoid.plus
        ).get(0.0)
        rank << (1 - damping) / n + damping * at_dead_ends / n
        rank(gb.binary.plus) << received.apply(gb.binary.times, right=damping)
    return rank.to_dense().tolist()


graphs.run(ranks)
