"""TensorFlow: the same gradient descent, compiled from a Python function by tf.function."""

from harness import rules
from harness.interpreted import PythonSystem


class TensorFlow(PythonSystem):
    def reasons(self, question: rules.Question):
        if "header" in question.parameters:
            yield from rules.plain_tables(question)


SYSTEMS = [TensorFlow("tensorflow", package="tensorflow_cpu")]
