"""TensorFlow: the same gradient descent, compiled from a Python function by tf.function."""

from harness import rules
from harness.interpreted import PythonSystem

SYSTEMS = [PythonSystem("tensorflow", package="tensorflow_cpu", declines=(rules.plain_tables,))]
