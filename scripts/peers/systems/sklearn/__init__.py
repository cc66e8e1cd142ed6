"""scikit-learn. Not for `logreg`: none of its solvers is full-batch gradient descent with a given rate."""

from harness.interpreted import PythonSystem

SYSTEMS = [PythonSystem("sklearn", package="scikit_learn", aliases=("scikit-learn",))]
