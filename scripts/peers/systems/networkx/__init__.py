"""NetworkX: graphs of Python dictionaries, the definition that twinmill's PageRank follows."""

from harness import rules
from harness.interpreted import PythonSystem

LARGEST_INPUT = 32 << 20


class NetworkX(PythonSystem):
    def reasons(self, question: rules.Question):
        if question.data.size > LARGEST_INPUT:
            yield f"input over {LARGEST_INPUT >> 20} MiB; an edge takes some 400 bytes in its dictionaries"


SYSTEMS = [NetworkX("networkx", package="networkx", parallel=False)]
