"""pandas, as pip installs it: strings are Python's, and one thread does the work. For matrices see `numpy`."""

from harness.interpreted import PythonSystem

SYSTEMS = [PythonSystem("pandas", package="pandas", parallel=False)]
