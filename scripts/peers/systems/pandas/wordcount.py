"""Word count: the words of a chunk of lines, counted, and the counts added up. str.split ends words at VT too."""

import pandas as pd
from lines import chunks, run


def counts(source):
    of_chunks = [chunk.str.split().explode().value_counts() for chunk in chunks(source)]
    return pd.concat(of_chunks).groupby(level=0, sort=False).sum()


run(counts)
