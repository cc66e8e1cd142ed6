"""nx.pagerank, stopped after a number of iterations."""

import os
import time

import networkx as nx
from program import run


class Iterations:
    """Stands in for nx.pagerank's tolerance, which it multiplies by the number of nodes after each iteration and
    compares the change with: 0 until the last iteration, then infinity. Tells the time of each."""

    def __init__(self, iterations: int):
        self.left = iterations
        self.started = time.perf_counter()

    def __rmul__(self, nodes: int) -> float:
        now = time.perf_counter()
        print(f"iteration_seconds={now - self.started:.6f}")
        self.started = now
        self.left -= 1
        return 0.0 if self.left else float("inf")


def ranks(graph):
    iterations = int(os.environ["ITERATIONS"])
    return nx.pagerank(graph, alpha=float(os.environ["DAMPING"]), max_iter=iterations, tol=Iterations(iterations))


run(ranks)
