"""nk.centrality.PageRank with dangling nodes' mass spread over all, stopped after a number of iterations."""

import os

import graphs
import networkit as nk
from graph import made


def ranks(ids, sources, destinations):
    graph = made(len(ids), *graphs.distinct(sources, destinations, len(ids)), directed=True)
    found = nk.centrality.PageRank(
        graph, damp=float(os.environ["DAMPING"]), tol=0, distributeSinks=nk.centrality.SinkHandling.DistributeSinks
    )
    found.maxIterations = int(os.environ["ITERATIONS"])
    found.run()
    scores = found.scores()
    total = sum(scores)
    return [score / total for score in scores]


graphs.run(ranks)
