"""Systems whose programs are scripts: Python in setup's virtual environment, or shell."""

import re
import shutil
import subprocess
import sys

from . import layout
from .registry import Command, System, Task


class PythonSystem(System):
    """`package` comes from setup's virtual environment; without one, the runner's own Python is the system."""

    suffix = ".py"

    def __init__(self, name: str, package: str | None = None, **traits):
        super().__init__(name, **traits)
        self.package = package

    def missing(self) -> str | None:
        if self.package is None or layout.package_version(self.package):
            return None
        return f"not set up; {layout.SETUP_HINT}"

    def version(self) -> str:
        return layout.package_version(self.package) if self.package else sys.version.split()[0]

    def command(self, task: Task) -> Command:
        interpreter = layout.PYTHON if self.package else sys.executable
        argv = [str(interpreter), "-B", str(self.program(task.workload)), task.INPUT, task.OUTPUT]
        return Command(argv, {"PYTHONPATH": str(layout.PEERS / "programs")})


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
        told = subprocess.run([self.tool, self.version_option], capture_output=True, text=True)
        return re.search(r"\d[\d.]*\d", told.stdout + told.stderr)[0]

    def command(self, task: Task) -> Command:
        return Command(["/bin/sh", "-eu", str(self.program(task.workload)), task.INPUT, task.OUTPUT])
