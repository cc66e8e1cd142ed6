"""GNU sort, with grep, tr and uniq in pipelines, in the C locale that the runner sets."""

from harness.interpreted import ShellSystem

SYSTEMS = [ShellSystem("gnu", tool="sort", aliases=("sort", "grep"))]
