"""Runs one program on a stream of events, and collects what it has left in its folder.

`seen` has a line for each time at which output appeared: `time TAB key TAB first TAB last`, the events from `first` to
`last` of that key, or of all where the key is `*`. `totals` has the counts of all keys at the end: `key TAB count`.
"""

import os
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path

from harness.children import run_to_end
from harness.registry import Stream, System

from . import events
from .events import Events

SEEN = "seen"
TOTALS = "totals"


class StreamFailed(Exception):
    """The program ended with an error, or not in time; the message holds the last of what it printed."""


@dataclass(frozen=True)
class Streamed:
    start: int
    """When the first event was due."""
    seen: list[tuple[int, str, int, int]]
    totals: dict[str, int]
    cpu_seconds: float


@dataclass
class _Sender:
    """Sends in a thread of its own; the program is another process."""

    events: Events
    start: int | None = None
    error: OSError | None = None
    server: object = field(default_factory=events.listening)

    def __post_init__(self):
        self.port = self.server.getsockname()[1]
        self.thread = threading.Thread(target=self._send, daemon=True)
        self.thread.start()

    def _send(self) -> None:
        try:
            self.start = events.send(self.server, self.events)
        except OSError as error:
            self.error = error

    def close(self) -> None:
        self.server.close()
        self.thread.join(5)


def run(
    system: System, mode: str, interval_ms: float, of: Events, cpus: int, folder: Path, timeout_seconds: float
) -> Streamed:
    sender = _Sender(of)
    stream = Stream(sender.port, of.count, interval_ms, mode, cpus, folder)
    try:
        cpu_seconds = _run(system.stream(stream), folder, timeout_seconds)
    finally:
        sender.close()
    if sender.error or sender.start is None:
        raise StreamFailed(f"the program did not take all events: {sender.error}")
    return Streamed(sender.start, list(_seen(folder / SEEN)), _totals(folder / TOTALS), cpu_seconds)


def _run(command, folder: Path, timeout_seconds: float) -> float:
    said = folder / "said"
    with open(said, "wb") as output:
        ended = run_to_end(
            command.argv,
            timeout_seconds,
            cwd=folder,
            env={**os.environ, **command.environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    if ended.status != 0:
        raise StreamFailed("\n".join([ended.why, *said.read_text(errors="replace").splitlines()[-15:]]))
    return ended.cpu_seconds


def _seen(path: Path):
    for line in path.read_text().splitlines():
        at, key, first, last = line.split("\t")
        yield int(at), key, int(first), int(last)


def _totals(path: Path) -> dict[str, int]:
    rows = (line.split("\t") for line in path.read_text().splitlines())
    return {key: int(count) for key, count in rows}
