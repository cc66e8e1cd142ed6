"""mawk, the fastest of the awks: one line of shell."""

from harness.interpreted import ShellSystem

SYSTEMS = [ShellSystem("mawk", tool="mawk", version_option="-Wversion")]
