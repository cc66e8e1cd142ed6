"""One session: a workload through every system, round after round.

Rounds are interleaved, and each starts one system later than the round before, so that a slow minute of the machine
does not fall on one system alone. The input is read once before the first run, and dirty pages are written out before
every run: all start with a warm page cache and an idle disk.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from . import answers, layout, measure
from .data import Data
from .registry import Answer, System, Task, Workload


@dataclass(frozen=True)
class Run:
    """One measured run. `work_seconds` is the program's own count, `load_seconds` that of a database which took the
    input in before; `startup_seconds` is the rest of the wall time."""

    round: int
    wall_seconds: float
    work_seconds: float
    load_seconds: float | None
    startup_seconds: float
    cpu_seconds: float
    peak_rss_bytes: int
    iteration_seconds: list[float]
    answer: Answer | None


@dataclass
class Row:
    """One system in a session: its runs, or the reason why there are none."""

    system: System
    version: str | None = None
    skipped: str | None = None
    failed: str | None = None
    runs: list[Run] = field(default_factory=list)


@dataclass
class Session:
    workload: Workload
    parameters: dict[str, str]
    inputs: list[Path]
    cpus: int
    rounds: int
    timeout_seconds: float
    command: str
    started: str
    rows: list[Row]
    machine: dict
    json_file: Path

    def run(self) -> None:
        for path in self.inputs:
            _warm(path)
        with scratch_folder() as folder:
            self._run_rounds(answers.Agreement(folder, self.workload, self.parameters, Data(*self.inputs)))

    def _run_rounds(self, agreement: answers.Agreement) -> None:
        active = [row for row in self.rows if row.skipped is None]
        for number in range(self.rounds):
            start = number % max(1, len(active))
            for row in active[start:] + active[:start]:
                if row.failed is None:
                    self._run_one(row, number, agreement)
                    self._write_json()

    @property
    def input_bytes(self) -> int:
        return sum(path.stat().st_size for path in self.inputs)

    def expected(self) -> str | None:
        """The digest of the answer that most families agree with; at a tie, the one given first."""
        votes = {(row.system.family, run.answer.agrees_with): None for row, run in self._answered()}
        counted = Counter(digest for _, digest in votes)
        return counted.most_common(1)[0][0] if counted else None

    def disagreement(self) -> dict[Answer, list[str]]:
        """Systems by answer, when there is more than one answer; else nothing."""
        return _divided((row, run, run.answer.agrees_with) for row, run in self._answered())

    def broken_promise(self) -> dict[Answer, list[str]]:
        """The systems that promise identical bytes by what they wrote, when that is not one and the same."""
        return _divided((row, run, run.answer.digest) for row, run in self._answered() if row.system.byte_identical)

    def _answered(self) -> Iterator[tuple[Row, Run]]:
        return ((row, run) for row in self.rows for run in row.runs if run.answer)

    def _run_one(self, row: Row, number: int, agreement: answers.Agreement) -> None:
        print(f"round {number + 1}/{self.rounds}  {row.system.name:<20}", end="", file=sys.stderr, flush=True)
        os.sync()
        with scratch_folder() as folder:
            task = Task(self.workload, self.parameters, Data(*self.inputs), folder, self.cpus)
            task.prepare()
            try:
                run = measured(row.system, task, number, agreement, self.timeout_seconds)
            except measure.RunFailed as failure:
                row.failed = str(failure)
                print(f"FAILED: {failure}", file=sys.stderr)
                return
        row.runs.append(run)
        memory = run.peak_rss_bytes / (1 << 20)
        print(f"work {run.work_seconds:8.2f} s  wall {run.wall_seconds:8.2f} s  {memory:8.0f} MiB", file=sys.stderr)

    def _write_json(self) -> None:
        """Replace the result file: it holds all runs so far, whatever happens to the rest."""
        result = {
            "schema": 1,
            "workload": self.workload.name,
            "parameters": self.parameters,
            "input": {"path": str(self.inputs[0]), "files": len(self.inputs), "bytes": self.input_bytes},
            "command": self.command,
            "started": self.started,
            "machine": self.machine,
            "expected_digest": self.expected(),
            "answers_agree": not (self.disagreement() or self.broken_promise()),
            "systems": [
                {
                    "name": row.system.name,
                    "family": row.system.family,
                    "version": row.version,
                    "skipped": row.skipped,
                    "failed": row.failed,
                    "runs": [asdict(run) for run in row.runs],
                }
                for row in self.rows
            ],
        }
        partial = self.json_file.with_name(self.json_file.name + ".partial")
        partial.write_text(json.dumps(result, indent=1) + "\n")
        partial.replace(self.json_file)


def measured(
    system: System, task: Task, number: int, agreement: answers.Agreement, timeout_seconds: float
) -> Run:
    """Run the task's program once and place its answer among those before it.

    Raises RunFailed when the program fails, takes too long or writes nothing.
    """
    usage = measure.run(system.command(task), task, timeout_seconds)
    work = system.work_seconds(task, usage.stdout)
    work = usage.wall_seconds if work is None else work
    load = system.load_seconds(task, usage.stdout)
    answer = None
    if system.answers:
        parts = answers.part_files(task.output)
        if not parts:
            raise measure.RunFailed("wrote no answer")
        answer = agreement.place(parts)
    return Run(
        round=number,
        wall_seconds=usage.wall_seconds,
        work_seconds=work,
        load_seconds=load,
        startup_seconds=usage.wall_seconds - work - (load or 0),
        cpu_seconds=usage.cpu_seconds,
        peak_rss_bytes=usage.peak_rss_bytes,
        iteration_seconds=system.iteration_seconds(task, usage.stdout),
        answer=answer,
    )


def _divided(runs: Iterable[tuple[Row, Run, str]]) -> dict[Answer, list[str]]:
    """The first answer of each kind and the systems that gave one; nothing when there is but one kind."""
    groups: dict[str, tuple[Answer, list[str]]] = {}
    for row, run, kind in runs:
        _, names = groups.setdefault(kind, (run.answer, []))
        if row.system.name not in names:
            names.append(row.system.name)
    return dict(groups.values()) if len(groups) > 1 else {}


@contextmanager
def scratch_folder(parent: Path = layout.SCRATCH) -> Iterator[Path]:
    """A folder in `parent` that is gone afterwards, also after Ctrl-C."""
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def generated_inputs(workload: Workload, size: str, twinmill: Path) -> list[Path]:
    """The files of the workload's input of this size, generated by twinmill (seed 1) unless a session before made
    them."""
    wanted = [(workload.generator, *workload.sized(size)), *workload.further]
    places = [_generated(kind, options, twinmill) for kind, *options in wanted]
    return [file for place in places for file in files_of(place)]


def files_of(path: Path) -> list[Path]:
    """The file, or all of a folder, in byte order of their paths."""
    if not path.is_dir():
        return [path]
    return sorted((file for file in path.rglob("*") if file.is_file() and file.name[0] not in "._"), key=os.fsencode)


def _generated(kind: str, options: list[str], twinmill: Path) -> Path:
    path = layout.DATA / "-".join([kind, *(option.removeprefix("--") for option in options)])
    if not path.exists():
        layout.DATA.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(path.name + ".partial")
        subprocess.run([twinmill, "gen", kind, *options, "--seed", "1", "--out", partial], check=True)
        partial.replace(path)
    return path


def _warm(path: Path) -> None:
    with open(path, "rb", buffering=0) as file, open(os.devnull, "wb") as nowhere:
        shutil.copyfileobj(file, nowhere, 1 << 20)
