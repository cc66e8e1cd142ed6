"""PageRank by groupby: ids become numbers first, and an iteration adds up what the sources give by destination."""

import os
import time

import numpy as np
import pandas as pd
import reading
from lines import run

DAMPING = float(os.environ["DAMPING"])


def ranks(source):
    # read_csv takes # for a comment anywhere in a line, and some ids for missing values.
    ends = [id.decode(reading.ENCODING) for id in reading.ends(source)]
    edges = pd.DataFrame({"source": ends[0::2], "target": ends[1::2]}, dtype=object).drop_duplicates()
    codes, ids = pd.factorize(pd.concat([edges["source"], edges["target"]]), sort=True)
    links = pd.DataFrame({"source": codes[: len(edges)], "target": codes[len(edges) :]})
    n = len(ids)
    if n == 0:
        return pd.Series([], dtype=float)
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
