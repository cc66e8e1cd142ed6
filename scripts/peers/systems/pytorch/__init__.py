"""PyTorch: tensors of double precision, gradients by autograd, full-batch gradient descent as its optimiser does it.

`network.py` trains a small neural network, which no job of twinmill's does: see the README.
"""

from harness import rules
from harness.interpreted import PythonSystem

SYSTEMS = [PythonSystem("pytorch", package="torch", aliases=("torch",), declines=(rules.plain_tables,))]
