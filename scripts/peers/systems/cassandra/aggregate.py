"""Reads two or more columns of all rows, adds up in a dictionary, and writes the groups to another table."""

import csv
import os
import sys
import time
from itertools import islice
from pathlib import Path

from cassandra.cluster import Cluster
from cassandra.concurrent import execute_concurrent_with_args
from groups import Groups
from relations import Relation
from servers import cassandra

ROWS_OF_A_PARTITION = 10_000
AT_ONCE = 128
PAGE = 5_000


def load(session, relation: Relation) -> None:
    columns = ", ".join(f"{name} text" for name in relation.columns)
    session.execute(f"CREATE TABLE rows (part int, place int, {columns}, PRIMARY KEY (part, place))")
    insert = session.prepare(
        f"INSERT INTO rows (part, place, {', '.join(relation.columns)}) VALUES (?, ?{', ?' * relation.width})"
    )
    with open(relation.path, newline="", encoding="utf-8") as file:
        rows = (row for row in csv.reader(file, delimiter=relation.separator) if row)
        numbered = (
            (number // ROWS_OF_A_PARTITION, number % ROWS_OF_A_PARTITION, *row) for number, row in enumerate(rows)
        )
        while piece := list(islice(numbered, 50_000)):
            execute_concurrent_with_args(session, insert, piece, concurrency=AT_ONCE)


def answer(session, groups: Groups):
    """The rows of the answer, once they are in the store. Its keys begin with a sign, since none may be empty."""
    session.execute("CREATE TABLE answer (key text PRIMARY KEY, told text)")
    session.default_fetch_size = PAGE
    for row in session.execute(f"SELECT {', '.join(groups.columns)} FROM rows", timeout=None):
        groups.add(row)
    insert = session.prepare("INSERT INTO answer (key, told) VALUES (?, ?)")
    told = [(f"={key}", values) for key, values in groups.told()]
    execute_concurrent_with_args(session, insert, told, concurrency=AT_ONCE)
    return session.execute("SELECT key, told FROM answer", timeout=None)


with cassandra.started(Path(os.environ["SCRATCH"])) as port:
    cluster = Cluster(["127.0.0.1"], port=port, connect_timeout=30, control_connection_timeout=30)
    session = cluster.connect()
    session.execute("CREATE KEYSPACE peers WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}")
    session.set_keyspace("peers")
    session.default_timeout = 120
    started = time.perf_counter()
    load(session, Relation("input"))
    loaded = time.perf_counter()
    output = Path(sys.argv[2])
    output.mkdir()
    with open(output / "part", "w", encoding="utf-8") as part:
        part.writelines(f"{key[1:]}{told}\n" for key, told in answer(session, Groups()))
    print(f"load_seconds={loaded - started:.6f}")
    print(f"work_seconds={time.perf_counter() - loaded:.6f}")
    cluster.shutdown()
