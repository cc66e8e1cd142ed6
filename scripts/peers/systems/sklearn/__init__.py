"""scikit-learn. Not for `logreg`: none of its solvers is full-batch gradient descent with a given rate."""

from harness import rules
from harness.interpreted import PythonSystem

SYSTEMS = [
    PythonSystem(
        "sklearn",
        package="scikit_learn",
        aliases=("scikit-learn",),
        threads="OMP_NUM_THREADS",
        declines=(rules.plain_tables,),
    )
]
