"""GNU sort and grep, in the C locale that the runner sets."""

from harness.interpreted import ShellSystem

SYSTEMS = [ShellSystem("gnu", tool="sort")]
