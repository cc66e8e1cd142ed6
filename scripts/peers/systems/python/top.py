"""heapq.nsmallest by number, greatest first, then key."""

import heapq
import os

import reading
from program import run


def place(line: bytes):
    key, _, number = line.partition(b"\t")
    return -int(number), key


def lines(source):
    with reading.opened(source) as text:
        records = (record for line in text if (record := line.rstrip(b"\r\n")))
        return [record + b"\n" for record in heapq.nsmallest(int(os.environ["K"]), records, key=place)]


run(lines)
