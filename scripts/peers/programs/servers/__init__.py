"""Servers of a run's own: each is started in an empty folder, on loopback and a free port, and ended with the run.

A module for each kind has `started(folder)`, a context that yields how to reach it.
"""

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

HOST = "127.0.0.1"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def answers_at(port: int) -> bool:
    """Whether somebody listens."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


@contextmanager
def running(
    argv: list, folder: Path, ready: Callable[[], bool], environment: dict | None = None, within_seconds: float = 180
) -> Iterator[subprocess.Popen]:
    """Runs a server in `folder` until the block ends. What it prints is kept there and told where it does not start."""
    log = folder / f"{Path(str(argv[0])).name}.log"
    with open(log, "wb") as said:
        server = subprocess.Popen(
            [str(word) for word in argv],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
    try:
        _wait(server, ready, log, within_seconds)
        yield server
    finally:
        end(server)


def end(server: subprocess.Popen, patience_seconds: float = 30) -> None:
    """Asks the server to end, and makes it end where it does not."""
    if server.poll() is None:
        server.terminate()
    try:
        server.wait(patience_seconds)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _wait(server: subprocess.Popen, ready: Callable[[], bool], log: Path, within_seconds: float) -> None:
    until = time.monotonic() + within_seconds
    while not ready():
        if server.poll() is not None or time.monotonic() > until:
            happened = "ended" if server.poll() is not None else f"was not ready after {within_seconds:g} s"
            last = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
            raise SystemExit(f"{server.args[0]} {happened}:\n{last}")
        time.sleep(0.05)
