"""The largest numbers, with all that equal the last of them, in their order."""

import os

import pandas as pd
from relations import Relation
from rows import options, write


def answer() -> pd.DataFrame:
    frame = pd.read_csv(**options(Relation("input"), {"c2"}, number="int64"))
    k = int(os.environ["K"])
    return frame.nlargest(k, "c2", keep="all").sort_values(["c2", "c1"], ascending=[False, True]).head(k)


write(answer)
