"""Run one process to its end and count what it took.

The child leads a session of its own, so that killing it takes its pipelines and JVMs along; a guardian does that where
this process is killed itself. Peak memory is the largest
resident set of any one process in it, as wait4 reports it; Linux counts the moment between fork and exec, so nothing
reads lower than this runner's own size (some 20 MiB), which is why answers are digested in other processes.
"""

import os
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from .children import Guardian, dies_with_parent
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
    """Run `command` in the task's folder, where its `stdout` and `stderr` are kept while it runs. It finds the input, or
    the first of its files, at its standard input, behind the byte order mark.

    Raises RunFailed on a non-zero status and when the time is up.
    """
    folder = task.folder
    paths = folder / "stdout", folder / "stderr"
    with open(paths[0], "wb") as stdout, open(paths[1], "wb") as stderr, open(folder / task.names[0], "rb") as stdin:
        os.lseek(stdin.fileno(), task.data.mark_bytes, os.SEEK_SET)
        started = time.perf_counter()
        child = subprocess.Popen(
            command.argv,
            cwd=folder,
            env={**os.environ, **task.environment(), **command.environment},
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
            preexec_fn=dies_with_parent,
        )
        guardian = Guardian(child.pid)
        timer = threading.Timer(timeout_seconds, kill, [child.pid])
        timer.start()
        try:
            _, status, usage = os.wait4(child.pid, 0)
            wall = time.perf_counter() - started
        except BaseException:
            kill(child.pid)
            child.wait()
            raise
        finally:
            timer.cancel()
            guardian.dismiss()
    kill(child.pid)
    child.returncode = os.waitstatus_to_exitcode(status)
    printed = [path.read_text(errors="replace") for path in paths]
    if child.returncode != 0:
        reason = f"status {child.returncode}"
        if wall >= timeout_seconds:
            reason = f"stopped after {timeout_seconds:g} s"
        raise RunFailed("\n".join([reason, *_ends("".join(printed).splitlines())]))
    return Usage(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, printed[0])


def _ends(lines: list[str]) -> list[str]:
    """Both ends of what was printed: a JVM names the error first, a shell last."""
    return lines if len(lines) <= 20 else [*lines[:10], "…", *lines[-10:]]


def kill(group: int) -> None:
    """Kill what is left of a process group, also members that outlive their leader."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        pass
