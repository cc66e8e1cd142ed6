"""A queue, and lists of neighbours in a dictionary."""

import os
from collections import defaultdict, deque

import reading
from program import run


def lines(source):
    neighbours, nodes = defaultdict(list), set()
    for one, other in reading.edges(source):
        neighbours[one].append(other)
        nodes.update((one, other))
    first = os.environ["SOURCE"].encode() or min(nodes, default=b"")
    levels, queue = {first: 0}, deque([first])
    while queue:
        node = queue.popleft()
        for neighbour in neighbours[node]:
            if neighbour not in levels:
                levels[neighbour] = levels[node] + 1
                queue.append(neighbour)
    return (b"%s\t%d\n" % (node, levels.get(node, -1)) for node in nodes)


run(lines)
