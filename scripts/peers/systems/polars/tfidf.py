"""Terms counted by file, beside the number of files that each term is in."""

import os
import sys

import polars as pl
from lines import write_files
from terms import counted

DOCUMENTS = len(os.listdir(sys.argv[1]))

write_files(
    lambda lines: counted(lines).with_columns(pl.col("n") * (DOCUMENTS / pl.len().over("term")).log())
)
