"""Components by union-find; the smaller of two roots stays one, so that a root is the smallest id of its component."""

from program import run
from reading import edges


def lines(source):
    parent: dict[bytes, bytes] = {}

    def root(node: bytes) -> bytes:
        while (above := parent.setdefault(node, node)) != node:
            parent[node] = node = parent[above]
        return node

    for ends in edges(source):
        smaller, larger = sorted(map(root, ends))
        parent[larger] = smaller
    return (b"%s\t%s\n" % (node, root(node)) for node in sorted(parent))


run(lines)
