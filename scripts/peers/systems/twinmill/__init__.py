"""twinmill itself, one row a mode. It runs every workload, so it has no programs here; TWINMILL names the binary."""

import json
import os
import sys
from pathlib import Path

from harness import layout
from harness.interpreted import version_told
from harness.registry import Command, Stream, System, Task, Workload

REPORT = "report.json"


class Twinmill(System):
    byte_identical = True
    intervals_ms = (5, 10, 20, 50, 100, 200, 500, 1000)

    def __init__(self, mode: str):
        super().__init__(f"twinmill-{mode}", family="twinmill")
        self.mode = mode
        self.modes = ("micro-batch",) if mode != "reference" else ()

    @property
    def binary(self) -> Path:
        return Path(os.environ["TWINMILL"])

    def offers(self, workload: Workload) -> bool:
        return self.mode in workload.modes

    def missing(self) -> str | None:
        return None if self.binary.exists() else "not built; cargo build --release, or --twinmill PATH"

    def version(self) -> str:
        return version_told([str(self.binary), "--version"])

    def command(self, task: Task) -> Command:
        job, *options = (word.format(**task.parameters) for word in task.workload.twinmill)
        argv = [str(self.binary), "run", job, *options, "--mode", self.mode, "--workers", str(task.cpus)]
        argv += [word for name in task.workload.files or [task.INPUT] for word in ("--input", name)]
        argv += ["--output", task.OUTPUT, "--work-dir", task.SCRATCH]
        for name in task.workload.options:
            value = task.parameters[name]
            argv += {"": [], "yes": [f"--{name}"]}.get(value, [f"--{name}", value])
        return Command([*argv, "--report", REPORT, "--quiet"])

    def stream(self, stream: Stream) -> Command:
        program = layout.PEERS / "latency" / "micro_batches.py"
        arguments = [stream.port, stream.events, stream.interval_ms, stream.cpus, self.mode, self.binary]
        return Command([sys.executable, "-B", str(program), *map(str, arguments)])

    def work_seconds(self, task: Task, stdout: str) -> float:
        return _report(task)["wall_seconds"]

    def iteration_seconds(self, task: Task, stdout: str) -> list[float]:
        return [iteration["wall_seconds"] for iteration in _report(task)["iterations"]]


def _report(task: Task) -> dict:
    return json.loads(task.output.with_name(REPORT).read_text())


SYSTEMS = [Twinmill("disk"), Twinmill("memory"), Twinmill("reference")]
