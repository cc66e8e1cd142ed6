"""NetworkX: graphs of Python dictionaries, the definition that twinmill's PageRank follows."""

from pathlib import Path

from harness.interpreted import PythonSystem
from harness.registry import Workload

LARGEST_INPUT = 32 << 20


class NetworkX(PythonSystem):
    def declines(self, workload: Workload, data: Path) -> str | None:
        if data.stat().st_size > LARGEST_INPUT:
            return f"input over {LARGEST_INPUT >> 20} MiB; an edge takes some 400 bytes in its dictionaries"
        return None


SYSTEMS = [NetworkX("networkx", package="networkx", parallel=False)]
