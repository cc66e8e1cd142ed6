"""read_csv, and functions of all columns."""

import os
import sys
import time

import pandas as pd
import reading
from columns import places
from models import statistics
from tables import BETWEEN, HEADER

started = time.perf_counter()
frame = pd.read_csv(
    sys.argv[1],
    sep=r"\s+" if BETWEEN == " " else BETWEEN,
    header=0 if HEADER else None,
    usecols=places(os.environ["COLUMNS"]),
    skipinitialspace=True,
    encoding=reading.ENCODING,
)
deviations = frame.std(ddof=int(os.environ["SAMPLE"] == "yes"))
reading.write(sys.argv[2], statistics(frame.count(), frame.mean(), deviations, frame.min(), frame.max()))
print(f"work_seconds={time.perf_counter() - started:.6f}")
