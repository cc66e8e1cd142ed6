"""Shared by GraphBLAS's programs: its threads, and a graph as a matrix."""

import os

import graphblas as gb
import numpy as np

gb.init("suitesparse", blocking=False)
gb.ss.config["nthreads"] = int(os.environ["CPUS"])


def made(nodes: int, sources: np.ndarray, destinations: np.ndarray, value=1, dtype=None) -> gb.Matrix:
    """Edges as entries; one for several of the same."""
    return gb.Matrix.from_coo(sources, destinations, value, nrows=nodes, ncols=nodes, dtype=dtype)
