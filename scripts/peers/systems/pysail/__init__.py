"""Sail: Spark's API in front of an engine in Rust, on DataFusion. Its server and Spark's client run in one process."""

from harness import rules
from harness.interpreted import PythonSystem

SYSTEMS = [PythonSystem("pysail", package="pysail", aliases=("sail",), declines=(rules.usual_reader,))]
