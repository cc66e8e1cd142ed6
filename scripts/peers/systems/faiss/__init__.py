"""faiss: the nearest centroid of each point by its brute-force search, in single precision. Means are taken by NumPy in
double precision: faiss's own k-means adds single ones up, and no other program would agree."""

from harness import rules
from harness.interpreted import PythonSystem

SYSTEMS = [PythonSystem("faiss", package="faiss_cpu", declines=(rules.plain_tables,))]
