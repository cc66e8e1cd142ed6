"""GraphBLAS: graphs as sparse matrices, by SuiteSparse through python-graphblas. One expression an iteration."""

from harness.interpreted import PythonSystem

SYSTEMS = [PythonSystem("graphblas", package="python_graphblas", aliases=("python-graphblas",))]
