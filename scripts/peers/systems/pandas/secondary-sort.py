"""A stable sort by key and the other column."""

import pandas as pd
from relations import Relation
from rows import options, write

write(lambda: pd.read_csv(**options(Relation("input"))).sort_values(["c1", "c2"], kind="stable", na_position="last"))
