"""NetworKit: graph algorithms in C++ on all cores, from Python."""

from harness.interpreted import PythonSystem

SYSTEMS = [PythonSystem("networkit", package="networkit")]
