"""No process outlives the one that started it, however that ends."""

import ctypes
import os
import signal

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
