"""Shared by the programs on friends in plain Python: a set for each person."""

from collections import defaultdict
from pathlib import Path

import reading


def friends_of(source: Path) -> dict[bytes, set[bytes]]:
    """The friends of everyone; who is a friend of himself alone has an empty set."""
    friends = defaultdict(set)
    for one, other in reading.edges(source):
        friends[one].add(other)
        friends[other].add(one)
    for person, known in friends.items():
        known.discard(person)
    return friends
