"""PageRank as networkx defines it: dangling mass spread over all nodes, ranks that sum to 1.

Nodes are all ids seen; ids are text. Duplicate edges count once, self-loops stay. Every system does the same number of
iterations from 1/N and stops, converged or not.
"""

from harness import answers, inputs
from harness.registry import Workload

WORKLOAD = Workload(
    name="pagerank",
    title="{iterations} iterations of PageRank over a graph",
    generator="graph",
    size="1M",
    sized=inputs.in_nodes,
    compared=answers.in_any_order,
    tolerance=1e-9,
    twinmill=("pagerank",),
    options=("iterations", "damping"),
    parameters={"iterations": "10", "damping": "0.85"},
    fixed={"tolerance": "", "ids": "text"},
)
