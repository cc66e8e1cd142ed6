"""Lists everything that can be run: workloads from `workloads/*.py`, systems from `systems/*/__init__.py`.

A system offers a workload when its folder holds a program of the workload's name, so neither list names the other.
"""

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from . import inputs, layout, tables
from .data import Data
from .needs import Needs

if TYPE_CHECKING:
    from .rules import Question


@dataclass(frozen=True)
class Workload:
    """One question put to every system: the input, and what makes two answers equal."""

    name: str
    title: str
    generator: str
    """Kind of `twinmill gen` that makes the input."""
    size: str
    """Default input size, in the notation of `sized`."""
    compared: Callable[[list[Path]], Iterator[bytes]]
    """An answer's part files in the form in which answers are compared; one of `harness.answers`."""
    twinmill: tuple[str, ...]
    """Job and options for `twinmill run`; `{name}` stands for a parameter's value."""
    modes: tuple[str, ...] = ("disk", "memory", "reference")
    parameters: dict[str, str] = field(default_factory=dict)
    """Defaults of what `--set NAME=VALUE` changes. Programs read NAME from their environment: capitals, `_` for `-`."""
    fixed: dict[str, str] = field(default_factory=dict)
    """Options of twinmill's job that the programs have no parameter for, with the value they were written for."""
    options: tuple[str, ...] = ()
    """Parameters that twinmill gets as well: `--NAME VALUE`, `--NAME` alone for `yes`, nothing for an empty value."""
    sized: Callable[[str], list[str]] = inputs.in_bytes
    """Options of `twinmill gen` for a size; one of `harness.inputs`."""
    further: tuple[tuple[str, ...], ...] = ()
    """Generators of further inputs, each a kind and its options."""
    files: tuple[str, ...] | None = ("input",)
    """What programs find in their folder, a name for each file of the input. None: any number of files, in the folder
    `input` and by their own names."""
    judge: str | None = None
    """For answers that depend on where a program starts, so that no two have the same numbers: the program in
    `programs` that tries an answer on the input, and is given the files of both, `--` between them. What it prints is
    compared in the answer's place."""
    tolerance: float | None = None
    """For answers that are tables of a key and numbers: how far a number may be from another system's. None: answers
    agree when their digests do."""

    def foreign(self, options: dict[str, str]) -> list[str]:
        """The options of twinmill's job whose values the programs cannot be given."""
        given = {**dict.fromkeys(self.fixed, ""), **options}
        fits = {name for name, value in given.items() if name in self.fixed and _equal(value, self.fixed[name])}
        return [name for name in given if name not in fits and name not in self.parameters]


@dataclass(frozen=True)
class Answer:
    digest: str
    lines: int
    bytes: int
    agrees_with: str = ""
    """Digest of the session's first answer that this one agrees with: its own, unless the workload has a tolerance."""
    difference: float = 0.0
    """The largest difference of a number from that answer's."""


@dataclass(frozen=True)
class Task:
    """One run of one system: what its program is told."""

    workload: Workload
    parameters: dict[str, str]
    data: Data
    folder: Path
    """Where the program works. It gets names in it, so that no sign in a path means anything to it: `INPUT`, a link, or
    a folder of links where the workload takes several files; `OUTPUT`, the folder of part files, in name order, not
    there yet; `SCRATCH`, an empty folder for intermediates."""
    cpus: int

    INPUT = "input"
    OUTPUT = "output"
    SCRATCH = "tmp"

    def prepare(self) -> None:
        """Makes the folder of the task what the program expects."""
        (self.folder / self.SCRATCH).mkdir()
        for name, file in zip(self.names, self.data.files):
            (self.folder / name).parent.mkdir(exist_ok=True)
            (self.folder / name).symlink_to(file.path)

    @property
    def names(self) -> list[str]:
        """The files of the input as the program finds them."""
        return list(self.workload.files or (f"{self.INPUT}/{file.path.name}" for file in self.data.files))

    @property
    def output(self) -> Path:
        return self.folder / self.OUTPUT

    def environment(self) -> dict[str, str]:
        """Environment variables for every program. Splits are 128 MiB, or smaller where that would leave a CPU idle."""
        split = min(128 << 20, max(1, -(-self.data.size // self.cpus)))
        return {
            "CPUS": str(self.cpus),
            "SCRATCH": self.SCRATCH,
            "TMPDIR": self.SCRATCH,
            "SPLIT_BYTES": str(split),
            "MARK_BYTES": str(self.data.mark_bytes),
            "ENCODING": "latin-1" if self.data.encoding == "latin-1" else "utf-8",
            "LC_ALL": "C",
            **variables(self.parameters),
            **(tables.environment(self.data, self.parameters) if "separator" in self.parameters else {}),
        }


def variables(parameters: dict[str, str]) -> dict[str, str]:
    """Parameters as programs find them in their environment."""
    return {name.upper().replace("-", "_"): value for name, value in parameters.items()}


@dataclass(frozen=True)
class Command:
    argv: list[str]
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Stream:
    """Events to be counted by key, for `scripts/latency`: a program takes them from a port on loopback, and leaves the
    files `seen` and `totals` in its folder."""

    port: int
    events: int
    interval_ms: float
    mode: str
    """One of the system's `modes`."""
    cpus: int
    folder: Path


class System:
    """A row of the table. Subclasses say how a program is found, started and versioned."""

    suffix: str
    """File-name suffix of this system's programs."""
    answers = True
    """Whether the output is an answer, to be compared; a floor such as `cp` has none."""
    byte_identical = False
    """Whether this system promises the same bytes in every run as all others that do so, even where there is a
    tolerance."""
    framework = False
    """Whether it is an engine that was built for clusters, and not a tool or a library."""
    needs = Needs()
    modes: tuple[str, ...] = ()
    """Ways in which it takes a stream of events, if it does."""
    intervals_ms: tuple[float, ...] = (0,)
    """Intervals at which a stream is measured, if none is given."""
    interval_is = ""
    """Meaning of the interval, where it is not the time between two batches."""

    def __init__(
        self,
        name: str,
        family: str | None = None,
        aliases: tuple[str, ...] = (),
        parallel: bool = True,
        declines: tuple[Callable[["Question"], Iterable[str]], ...] = (),
    ):
        self.name = name
        self.family = family or name
        """Rows that share an implementation share a family, and have one vote on what the right answer is."""
        self.aliases = aliases
        """Other names that people know it by."""
        self.parallel = parallel
        """Whether it works on all of the CPUs that it is given; else on one."""
        self.declines = declines
        """Rules of `rules` by which it declines a question."""
        self.folder = layout.folder(self.family)

    def called(self) -> str:
        """The name with the aliases: `mawk (awk)`."""
        return f"{self.name} ({', '.join(self.aliases)})" if self.aliases else self.name

    def program(self, workload: Workload) -> Path:
        return self.folder / f"{workload.name}{self.suffix}"

    def offers(self, workload: Workload) -> bool:
        return self.program(workload).is_file()

    def missing(self) -> str | None:
        """Returns the reason why this system cannot run here and what to do about it; None when it can."""
        raise NotImplementedError

    @property
    def hint(self) -> str:
        """What to do where it is not set up."""
        return f"{layout.SETUP_HINT} {self.family}" if self.has_own_setup else layout.SETUP_HINT

    @property
    def has_own_setup(self) -> bool:
        """Whether `setup` knows its family by name."""
        return bool(self.needs.debian) or any(
            (self.folder / file).exists() for file in ("requirements.txt", "pom.xml")
        )

    def reasons(self, question: "Question") -> Iterator[str]:
        """Returns the reason why this system's program would not give twinmill's answer here, from `rules`."""
        for rule in self.declines:
            yield from rule(question)

    def version(self) -> str:
        raise NotImplementedError

    def command(self, task: Task) -> Command:
        raise NotImplementedError

    def stream(self, stream: Stream) -> Command:
        raise NotImplementedError

    def work_seconds(self, task: Task, stdout: str) -> float | None:
        """Seconds the program itself counted, from `work_seconds=…`, without what `load_seconds=…` says; None when it
        counts none: all is work."""
        found = re.search(r"^work_seconds=(\S+)$", stdout, re.MULTILINE)
        return float(found[1]) if found else None

    def load_seconds(self, task: Task, stdout: str) -> float | None:
        """Seconds in which a database took the input in, from `load_seconds=…`; None where nothing is loaded apart."""
        found = re.search(r"^load_seconds=(\S+)$", stdout, re.MULTILINE)
        return float(found[1]) if found else None

    def iteration_seconds(self, task: Task, stdout: str) -> list[float]:
        """Seconds of each iteration by the program's own clock, a line `iteration_seconds=…` each."""
        return [float(told) for told in re.findall(r"^iteration_seconds=(\S+)$", stdout, re.MULTILINE)]


def called(name: str, systems: list[System]) -> System | None:
    """The system of this name or alias."""
    return next((system for system in systems if name in (system.name, *system.aliases)), None)


def _equal(one: str, other: str) -> bool:
    try:
        return one == other or float(one) == float(other)
    except ValueError:
        return False


def workload_of(job: str, options: dict[str, str]) -> tuple[Workload, dict[str, str]]:
    """The workload that twinmill's job with these options is, and its parameters. An option without value is not given.

    Raises ValueError for a job, or a value of an option, that no program was written for.
    """
    of_job = [workload for workload in workloads().values() if workload.twinmill[0] == job]
    if not of_job:
        jobs = sorted({workload.twinmill[0] for workload in workloads().values()})
        raise ValueError(f"nothing else does {job}; there are programs for {', '.join(jobs)}")
    foreign = [workload.foreign(options) for workload in of_job]
    for workload, names in zip(of_job, foreign):
        if not names:
            given = {name: value for name, value in options.items() if name in workload.parameters}
            return workload, {**workload.parameters, **given}
    told = " and ".join(f"--{name} {options.get(name, '')}".rstrip() for name in min(foreign, key=len))
    raise ValueError(f"no other program does {job} with {told}: the answers would be to different questions")


def workloads() -> dict[str, Workload]:
    return {module.WORKLOAD.name: module.WORKLOAD for module in _modules("workloads")}


def systems() -> list[System]:
    """twinmill first, then by folder name."""
    found = [system for module in _modules("systems") for system in module.SYSTEMS]
    return sorted(found, key=lambda system: system.family != "twinmill")


def _modules(package: str):
    for module in pkgutil.iter_modules([str(layout.PEERS / package)]):
        yield importlib.import_module(f"{package}.{module.name}")
