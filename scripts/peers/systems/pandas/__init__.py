"""pandas, as pip installs it: strings are Python's or Arrow's, and one thread does the work. For matrices see `numpy`.

`pandas-chunks` reads a table some rows at a time and adds the answers of the chunks up: what its users do with a file
that is larger than memory.
"""

from harness import rules
from harness.interpreted import PythonSystem

CHUNK_ROWS = 500_000


class InChunks(PythonSystem):
    """The questions whose answers add up."""

    def offers(self, workload):
        return workload.name == "aggregate"


TRAITS = {"package": "pandas", "parallel": False, "declines": (rules.first_match, rules.plain_rows, rules.plain_tables)}

SYSTEMS = [
    PythonSystem("pandas", **TRAITS),
    InChunks("pandas-chunks", family="pandas", environment={"CHUNK_ROWS": str(CHUNK_ROWS)}, **TRAITS),
]
