"""Events with a time in each, sent over loopback at a rate: `key TAB number TAB time`.

The time is when the event is due, nanoseconds since 1970, whether or not it could be sent then. A program that keeps
the sender waiting therefore shows in the latencies, and is not spared (Gil Tene's coordinated omission).
"""

import socket
import time
from dataclasses import dataclass

TICK_SECONDS = 0.0005
"""Between two looks at what is due."""
BLOCK = 4096
"""Events that are made at a time where they are sent as fast as they are taken."""


@dataclass(frozen=True)
class Events:
    count: int
    rate: float
    """Events a second; 0: as fast as they are taken, each due when the first one is."""
    keys: int

    def key(self, number: int) -> str:
        """Keys are spread by a multiplicative hash, so that neighbours have different ones."""
        return f"k{(number * 2654435761 % 4294967296) % self.keys:04d}"

    def due(self, number: int, start: int) -> int:
        return start + int(number * 1e9 / self.rate) if self.rate else start

    def lines(self, first: int, last: int, start: int) -> bytes:
        return "".join(f"{self.key(n)}\t{n}\t{self.due(n, start)}\n" for n in range(first, last)).encode()


def listening() -> socket.socket:
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(300)
    return server


def send(server: socket.socket, events: Events) -> int:
    """Waits for a program, sends it all events, and hangs up. Returns the time from which they were due."""
    connection, _ = server.accept()
    with connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        start = time.time_ns()
        if events.rate:
            _at_a_rate(connection, events, start)
        else:
            for first in range(0, events.count, BLOCK):
                connection.sendall(events.lines(first, min(first + BLOCK, events.count), start))
    return start


def _at_a_rate(connection: socket.socket, events: Events, start: int) -> None:
    sent = 0
    while sent < events.count:
        due = min(events.count, int((time.time_ns() - start) * events.rate / 1e9) + 1)
        if due > sent:
            connection.sendall(events.lines(sent, due, start))
            sent = due
        time.sleep(TICK_SECONDS)
