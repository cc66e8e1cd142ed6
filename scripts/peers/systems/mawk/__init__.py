"""mawk, the fastest of the awks: a line or a few of it."""

from harness.interpreted import ShellSystem

SYSTEMS = [ShellSystem("mawk", tool="mawk", version_option="-Wversion", aliases=("awk",), parallel=False)]
