"""The intersections of the sets of friends."""

from friends import friends_of
from program import run


def lines(source):
    friends = friends_of(source)
    for one, of_one in friends.items():
        for other in of_one:
            if one < other and (common := of_one & friends[other]):
                yield b"%b\t%b\t%b\n" % (one, other, b",".join(sorted(common)))


run(lines)
