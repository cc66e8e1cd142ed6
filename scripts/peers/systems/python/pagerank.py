"""PageRank over dictionaries of neighbours, as the textbook has it."""

import os
import time

from program import run
from reading import edges

DAMPING = float(os.environ["DAMPING"])


def lines(source):
    neighbours: dict[bytes, set[bytes]] = {}
    for start, end in edges(source):
        neighbours.setdefault(start, set()).add(end)
        neighbours.setdefault(end, set())
    n = len(neighbours)
    if n == 0:
        return []
    ranks = dict.fromkeys(neighbours, 1 / n)
    for _ in range(int(os.environ["ITERATIONS"])):
        started = time.perf_counter()
        dangling = sum(ranks[node] for node, targets in neighbours.items() if not targets)
        received = dict.fromkeys(neighbours, (1 - DAMPING) / n + DAMPING * dangling / n)
        for node, targets in neighbours.items():
            for target in targets:
                received[target] += DAMPING * ranks[node] / len(targets)
        ranks = received
        print(f"iteration_seconds={time.perf_counter() - started:.6f}")
    return (b"%s\t%r\n" % pair for pair in sorted(ranks.items()))


run(lines)
