"""Shared by NetworKit's programs: its threads, and a graph of numbered nodes."""

import os

import networkit as nk
import numpy as np

nk.setNumberOfThreads(int(os.environ["CPUS"]))


def made(nodes: int, sources: np.ndarray, destinations: np.ndarray, directed: bool) -> nk.Graph:
    graph = nk.Graph(nodes, weighted=False, directed=directed)
    graph.addEdges((sources, destinations))
    return graph
