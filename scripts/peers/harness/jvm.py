"""What Hadoop and Spark share: jars compiled by setup, and how their presence and versions are told."""

import subprocess

from . import layout
from .registry import System, Workload

HEAP = "8g"
LOG4J = f"-Dlog4j2.configurationFile=file:{layout.PEERS / 'systems' / 'log4j2.properties'}"
"""Warnings only, on standard error: a progress line for every percent is not part of the work."""
SHARED = layout.PEERS / "systems" / "jvm"
"""Sources that are compiled into both jars."""


class JavaSystem(System):
    """Runs the class named as the workload, capitalised: `wordcount-no-combiner` is `WordcountNoCombiner`."""

    suffix = ".java"

    @property
    def jar(self):
        return layout.JARS / f"{self.family}.jar"

    def class_name(self, workload: Workload) -> str:
        return "".join(word.capitalize() for word in workload.name.split("-"))

    def program(self, workload: Workload):
        return self.folder / f"{self.class_name(workload)}.java"

    def missing(self) -> str | None:
        if not (self.jar.exists() and layout.package_folder("pyspark") and layout.java_tool("java")):
            return f"not set up; {layout.SETUP_HINT}"
        sources = [*self.folder.glob("*.java"), *SHARED.glob("*.java")]
        if any(source.stat().st_mtime > self.jar.stat().st_mtime for source in sources):
            return f"its sources are newer than its jar; {layout.SETUP_HINT}"
        return None


def java_version() -> str:
    printed = subprocess.run([layout.java_tool("java"), "--version"], capture_output=True, text=True, check=True)
    return printed.stdout.split()[1]
