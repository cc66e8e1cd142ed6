"""No process outlives the one that started it, however that ends."""

import ctypes
import os
import resource
import signal
import subprocess
import threading
import time
from dataclasses import dataclass

_LIBC = ctypes.CDLL(None)
_PARENT = os.getpid()
_PR_SET_PDEATHSIG = 1


def dies_with_parent() -> None:
    """In a child before it becomes another program: have the kernel kill it when this process ends."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != _PARENT:  # which has ended before the kernel knew
        os._exit(1)


class Guardian:
    """A process that kills a process group when this one is gone: the kernel kills children, but not theirs.

    It waits at a pipe whose other end only this process holds.
    """

    def __init__(self, group: int):
        reading, self._writing = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            self._watch(reading, group)
        os.close(reading)

    def _watch(self, reading: int, group: int) -> None:
        try:
            os.setsid()
            os.close(self._writing)
            os.read(reading, 1)
            os.killpg(group, signal.SIGKILL)
        finally:
            os._exit(0)

    def dismiss(self) -> None:
        """The group has ended, and its number may become another's."""
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._writing)


@dataclass(frozen=True)
class Ended:
    """What a process took, and how it ended."""

    status: int
    wall_seconds: float
    usage: resource.struct_rusage
    in_time: bool

    @property
    def cpu_seconds(self) -> float:
        return self.usage.ru_utime + self.usage.ru_stime

    @property
    def why(self) -> str:
        return f"status {self.status}" if self.in_time else f"stopped after {self.wall_seconds:.1f} s"


def run_to_end(argv: list[str], timeout_seconds: float, **of_popen) -> Ended:
    """Runs a process as the leader of a session, so that killing it takes its pipelines and JVMs along: when the leader
    ends, when the time is up, and when this process ends, for which there is a guardian."""
    started = time.perf_counter()
    child = subprocess.Popen(argv, start_new_session=True, preexec_fn=dies_with_parent, **of_popen)
    guardian = Guardian(child.pid)
    timer = threading.Timer(timeout_seconds, _kill, [child.pid])
    timer.start()
    try:
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - started
    except BaseException:
        _kill(child.pid)
        child.wait()
        raise
    finally:
        timer.cancel()
        guardian.dismiss()
    _kill(child.pid)
    child.returncode = os.waitstatus_to_exitcode(status)
    return Ended(child.returncode, wall, usage, wall < timeout_seconds)


def _kill(group: int) -> None:
    """Kills what is left of a process group, also members that outlive their leader."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        pass
