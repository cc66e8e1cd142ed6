"""The lines without duplicates."""

import pandas as pd
import reading
from lines import run

run(lambda source: pd.Series(reading.lines_of_characters(source), dtype=object).drop_duplicates())
