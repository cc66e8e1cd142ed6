"""PyTorch: tensors of double precision, gradients by autograd, full-batch gradient descent as its optimiser does it.

`network.py` trains a small neural network, which no job of twinmill's does: see the README.
"""

from harness import rules
from harness.interpreted import PythonSystem


class PyTorch(PythonSystem):
    def reasons(self, question: rules.Question):
        if "header" in question.parameters:
            yield from rules.plain_tables(question)


SYSTEMS = [PyTorch("pytorch", package="torch", aliases=("torch",))]
