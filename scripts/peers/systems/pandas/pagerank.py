"""PageRank by groupby: ids become numbers first, and an iteration adds up what the sources give by destination."""

import csv
import os
import time

import numpy as np
import pandas as pd
from lines import run

DAMPING = float(os.environ["DAMPING"])


def ranks(source):
    edges = pd.read_csv(
        source, sep="\t", names=["source", "target"], dtype=str, comment="#", quoting=csv.QUOTE_NONE, keep_default_na=False
    ).drop_duplicates()
    codes, ids = pd.factorize(pd.concat([edges["source"], edges["target"]]), sort=True)
    links = pd.DataFrame({"source": codes[: len(edges)], "target": codes[len(edges) :]})
    n = len(ids)
    degrees = links["source"].value_counts().reindex(range(n), fill_value=0)
    dangling = degrees == 0

    rank = pd.Series(np.full(n, 1 / n))
    for _ in range(int(os.environ["ITERATIONS"])):
        started = time.perf_counter()
        given = (rank / degrees).reindex(links["source"]).to_numpy()
        received = pd.Series(given).groupby(links["target"]).sum().reindex(range(n), fill_value=0.0)
        rank = (1 - DAMPING) / n + DAMPING * (received + rank[dangling].sum() / n)
        print(f"iteration_seconds={time.perf_counter() - started:.6f}")
    return rank.set_axis(ids)


run(ranks)
