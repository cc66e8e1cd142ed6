"""Run one process to its end and count what it took.

Peak memory is the largest resident set of any one process in its session, as wait4 reports it; Linux counts the moment
between fork and exec, so nothing reads lower than this runner's own size (some 20 MiB), which is why answers are
digested in other processes.
"""

import os
from dataclasses import dataclass

from .children import run_to_end
from .registry import Command, Task


class RunFailed(Exception):
    """The process did not end with status 0; the message holds both ends of what it printed."""


@dataclass(frozen=True)
class Usage:
    wall_seconds: float
    cpu_seconds: float
    peak_rss_bytes: int
    stdout: str


def run(command: Command, task: Task, timeout_seconds: float) -> Usage:
    """Run `command` in the task's folder, where its `stdout` and `stderr` are kept while it runs. It finds the input,
    or the first of its files, at its standard input, behind the byte order mark.

    Raises RunFailed on a non-zero status and when the time is up.
    """
    folder = task.folder
    paths = folder / "stdout", folder / "stderr"
    with open(paths[0], "wb") as stdout, open(paths[1], "wb") as stderr, open(folder / task.names[0], "rb") as stdin:
        os.lseek(stdin.fileno(), task.data.mark_bytes, os.SEEK_SET)
        ended = run_to_end(
            command.argv,
            timeout_seconds,
            cwd=folder,
            env={**os.environ, **task.environment(), **command.environment},
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
        )
    printed = [path.read_text(errors="replace") for path in paths]
    if ended.status != 0:
        raise RunFailed("\n".join([ended.why, *_ends("".join(printed).splitlines())]))
    return Usage(ended.wall_seconds, ended.cpu_seconds, ended.usage.ru_maxrss * 1024, printed[0])


def _ends(lines: list[str]) -> list[str]:
    """Both ends of what was printed: a JVM names the error first, a shell last."""
    return lines if len(lines) <= 20 else [*lines[:10], "…", *lines[-10:]]
