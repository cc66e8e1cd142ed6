"""A Counter of the friends of each person's friends."""

import heapq
import os
from collections import Counter

from friends import friends_of
from program import run

K = int(os.environ["K"])


def lines(source):
    friends = friends_of(source)
    for person, known in friends.items():
        counts = Counter(other for friend in known for other in friends[friend])
        others = ((-count, other) for other, count in counts.items() if other != person and other not in known)
        yield b"%b\t%b\n" % (person, b",".join(other for _, other in heapq.nsmallest(K, others)))


run(lines)
