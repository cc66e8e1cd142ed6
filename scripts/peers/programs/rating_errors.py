"""Tries traits of users and items on the ratings that they were learned from: a judge.

    rating_errors.py RATINGS… -- TRAITS…

Prints the numbers of users and items, the root of the mean squared error, and the mean cost of a rating: its squared
error, and LAMBDA times the squares of the traits of its user and its item. That is what alternating least squares make
least, whatever traits they start with.
"""

import math
import os
import sys
from collections.abc import Iterator
from pathlib import Path

PENALTY = float(os.environ["LAMBDA"])


def lines(paths: list[str]) -> Iterator[bytes]:
    every = (line.rstrip(b"\r") for path in paths for line in Path(path).read_bytes().split(b"\n"))
    return (line for line in every if line)


def dot(one: list[float], other: list[float]) -> float:
    return math.fsum(map(float.__mul__, one, other))


def main() -> None:
    apart = sys.argv.index("--")
    traits = {b"user": {}, b"item": {}}
    for line in lines(sys.argv[apart + 1 :]):
        side, id, numbers = line.split(b"\t")
        traits[side][id] = [float(number) for number in numbers.split(b",")]
    users, items = traits.values()
    of_users = {id: dot(numbers, numbers) for id, numbers in users.items()}
    of_items = {id: dot(numbers, numbers) for id, numbers in items.items()}
    errors, penalties = [], []
    for line in lines(sys.argv[1:apart]):
        user, item, rating = line.split(b"\t")
        errors.append((dot(users[user], items[item]) - float(rating)) ** 2)
        penalties.append(PENALTY * (of_users[user] + of_items[item]))
    error, penalty = math.fsum(errors) / len(errors), math.fsum(penalties) / len(errors)
    print(f"{len(users)} users and {len(items)} items\t{math.sqrt(error)!r}\t{error + penalty!r}")


main()
