"""PageRank in SQL: an iteration is a join of the links with the ranks and a sum for each node."""

import os
import time

from database import run

DAMPING = float(os.environ["DAMPING"])


def ranks(database, lines):
    lines = (line.removesuffix(b"\r") for line in lines)
    edges = (line.split(b"\t") for line in lines if line and not line.startswith(b"#"))
    database.executescript("""
        CREATE TABLE edges (source BLOB, target BLOB, PRIMARY KEY (source, target)) WITHOUT ROWID;
        CREATE TABLE nodes (id INTEGER PRIMARY KEY, name BLOB UNIQUE, degree INTEGER, rank REAL);
        CREATE TABLE links (target INTEGER, source INTEGER, PRIMARY KEY (target, source)) WITHOUT ROWID;
    """)
    database.executemany("INSERT OR IGNORE INTO edges VALUES (?, ?)", edges)
    database.executescript("""
        INSERT INTO nodes (name) SELECT source FROM edges UNION SELECT target FROM edges;
        INSERT INTO links SELECT t.id, s.id
            FROM edges e JOIN nodes s ON s.name = e.source JOIN nodes t ON t.name = e.target;
        UPDATE nodes SET rank = 1.0 / (SELECT count(*) FROM nodes), degree = 0;
        UPDATE nodes SET degree = d.n FROM (SELECT source, count(*) AS n FROM links GROUP BY source) d
            WHERE d.source = nodes.id;
    """)
    (n,) = database.execute("SELECT count(*) FROM nodes").fetchone()
    if n == 0:
        return []
    for _ in range(int(os.environ["ITERATIONS"])):
        started = time.perf_counter()
        (dangling,) = database.execute("SELECT total(rank) FROM nodes WHERE degree = 0").fetchone()
        everyone = (1 - DAMPING) / n + DAMPING * dangling / n
        database.execute("""
            CREATE TEMP TABLE received AS
            SELECT target, sum(rank / degree) AS share FROM links JOIN nodes ON nodes.id = source GROUP BY target
        """)
        database.execute("UPDATE nodes SET rank = ?", (everyone,))
        database.execute(
            "UPDATE nodes SET rank = rank + ? * share FROM received WHERE received.target = nodes.id", (DAMPING,)
        )
        database.execute("DROP TABLE received")
        print(f"iteration_seconds={time.perf_counter() - started:.6f}")
    return database.execute("SELECT name, rank FROM nodes ORDER BY name")


run(ranks)
