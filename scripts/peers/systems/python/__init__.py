"""Plain Python, one thread: what a script without any library does."""

from harness.interpreted import PythonSystem

SYSTEMS = [PythonSystem("python", parallel=False)]
