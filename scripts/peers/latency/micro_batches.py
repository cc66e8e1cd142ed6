"""Counts a stream of events with twinmill: a job for each batch.

    python3 micro_batches.py PORT EVENTS INTERVAL_MS CPUS MODE TWINMILL

The events that have come by the end of an interval are a batch, and so are those that came while the batch before was
counted. A batch is a file, its job `aggregate`: events, first and last number of each key. The job's output directory
appears when it is complete, and that is the time at which the batch was seen. The counts are added up here.
"""

import shutil
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path


class Arrivals:
    """The bytes that have come, read in a thread of its own, so that the sender never waits for a job."""

    def __init__(self, port: int):
        self._connection = socket.create_connection(("127.0.0.1", port))
        self._parts: list[bytes] = []
        self._lock = threading.Lock()
        self.ended = threading.Event()
        self._rest = b""
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        while part := self._connection.recv(1 << 20):
            with self._lock:
                self._parts.append(part)
        self.ended.set()

    def lines(self) -> bytes:
        """The whole lines that have come since the last call."""
        with self._lock:
            parts, self._parts = self._parts, []
        text = self._rest + b"".join(parts)
        end = text.rfind(b"\n") + 1
        self._rest = text[end:]
        return text[:end]


def main() -> None:
    port, events, interval, cpus = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]) / 1e3, sys.argv[4]
    mode, twinmill = sys.argv[5], sys.argv[6]
    argv = [
        twinmill,
        "run",
        "aggregate",
        "--mode",
        mode,
        "--workers",
        cpus,
        "--reducers",
        "1",
        "--quiet",
        "--format",
        "tsv",
    ]
    argv += [
        "--group-by",
        "1",
        "--agg",
        "count,min:2,max:2",
        "--work-dir",
        ".",
        "--input",
        "batch",
        "--output",
        "counted",
    ]
    totals: Counter[str] = Counter()
    counted = 0
    arrivals = Arrivals(port)
    boundary = time.monotonic() + interval
    with open("seen", "w") as seen:
        while counted < events:
            time.sleep(max(0.0, boundary - time.monotonic()))
            ended = arrivals.ended.is_set()
            batch = arrivals.lines()
            boundary = max(boundary + interval, time.monotonic())
            if not batch:
                if ended:
                    sys.exit(f"{events - counted} events did not come")
                continue
            Path("batch").write_bytes(batch)
            subprocess.run(argv, check=True)
            at = time.time_ns()
            rows = [line.split("\t") for line in Path("counted/part-r-00000").read_text().splitlines()]
            first, last = min(int(row[2]) for row in rows), max(int(row[3]) for row in rows)
            seen.write(f"{at}\t*\t{first}\t{last}\n")
            totals.update({row[0]: int(row[1]) for row in rows})
            counted += sum(int(row[1]) for row in rows)
            shutil.rmtree("counted")
    Path("totals").write_text("".join(f"{key}\t{count}\n" for key, count in sorted(totals.items())))


if __name__ == "__main__":
    main()
