"""NumPy, and SciPy's sparse matrices for graphs: the whole input as arrays, one expression an iteration."""

from harness import rules
from harness.interpreted import PythonSystem

SYSTEMS = [
    PythonSystem(
        "numpy",
        package="numpy",
        threads="OPENBLAS_NUM_THREADS",
        declines=(rules.plain_tables, rules.no_empty_cells),
    )
]
