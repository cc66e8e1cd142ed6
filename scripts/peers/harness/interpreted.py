"""Systems whose programs are scripts: Python in setup's virtual environment, or shell."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from . import layout, maven
from .registry import Command, System, Task, Workload


class PythonSystem(System):
    """`package` comes from a virtual environment of setup's; without one, the runner's own Python is the system."""

    suffix = ".py"

    def __init__(
        self,
        name: str,
        package: str | None = None,
        environment: dict[str, str] | None = None,
        threads: str | None = None,
        **traits,
    ):
        super().__init__(name, **traits)
        self.package = package
        self.threads = threads
        """Variable from which the package reads, when it is imported, how many threads it may have."""
        self.environment = environment or {}
        """Variables that make programs of a family those of this system."""
        self.venv = layout.venv(self.family)

    def program(self, workload: Workload) -> Path:
        """`select_.py` for `select`, which is a module of Python's own: those of the program's folder would hide it."""
        clashes = workload.name in sys.stdlib_module_names
        return self.folder / f"{workload.name}{'_' * clashes}{self.suffix}"

    def missing(self) -> str | None:
        there = self.package is None or layout.package_version(self.package, self.venv)
        if there and (self.folder / "pom.xml").exists():
            there = not maven.missing(self.family)
        return None if there and not self.needs.absent() else f"not set up; {self.hint}"

    def version(self) -> str:
        return layout.package_version(self.package, self.venv) if self.package else sys.version.split()[0]

    def server_environment(self) -> dict[str, str]:
        """Variables that the module of its server under `programs/servers` reads, where it has one."""
        return {}

    def command(self, task: Task) -> Command:
        interpreter = layout.python(self.venv) if self.package else sys.executable
        argv = [str(interpreter), "-B", str(self.program(task.workload)), task.INPUT, task.OUTPUT]
        environment = {"PYTHONPATH": str(layout.PEERS / "programs"), **self.environment, **self.server_environment()}
        if self.threads:
            environment[self.threads] = str(task.cpus)
        return Command(argv, environment)


def version_told(command: list[str]) -> str:
    """The first version number that a command prints."""
    told = subprocess.run(command, capture_output=True, text=True)
    return re.search(r"\d[\d.]*\d", told.stdout + told.stderr)[0]


class ScriptSystem(System):
    """Scripts of another interpreter, `tool`, which comes from Debian's packages."""

    def __init__(self, name: str, tool: str, suffix: str, version: list[str], **traits):
        super().__init__(name, **traits)
        self.tool = tool
        self.suffix = suffix
        self._version = version

    def missing(self) -> str | None:
        return f"not set up; {self.hint}" if self.needs.absent() else None

    def version(self) -> str:
        return version_told(self._version)

    def command(self, task: Task) -> Command:
        program = self.program(task.workload)
        return Command([self.tool, str(program), task.INPUT, task.OUTPUT], {"PROGRAMS": str(program.parent)})


class ShellSystem(System):
    """Programs that start in no time, so that all of their wall time is work; `tool` gives the version."""

    suffix = ".sh"

    def __init__(self, name: str, tool: str, version_option: str = "--version", **traits):
        super().__init__(name, **traits)
        self.tool = tool
        self.version_option = version_option

    def missing(self) -> str | None:
        return None if shutil.which(self.tool) else f"no {self.tool}; {layout.SETUP_HINT}"

    def version(self) -> str:
        return version_told([self.tool, self.version_option])

    def command(self, task: Task) -> Command:
        return Command(["/bin/sh", "-eu", str(self.program(task.workload)), task.INPUT, task.OUTPUT])
