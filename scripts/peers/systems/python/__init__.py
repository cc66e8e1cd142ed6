"""Plain Python, by what the standard library has; the interpreter that runs the harness."""

from harness import rules
from harness.interpreted import PythonSystem

SYSTEMS = [PythonSystem("python", parallel=False, declines=(rules.first_match, rules.plain_rows))]
