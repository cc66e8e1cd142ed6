"""Systems whose jars come from Maven's central repository, as their `pom.xml` says; setup compiles their programs."""

import re
from pathlib import Path

from . import layout, needs
from .registry import Command, System, Task, Workload


class MavenSystem(System):
    """Runs the class named as the workload, capitalised, in a JVM of its own."""

    suffix = ".java"
    framework = True
    needs = needs.maven()
    main_artifact: str
    """The jar that has the system's version in its name."""
    heap = "8g"
    opened: tuple[str, ...] = ()
    """Packages of the JVM that the system looks into, as `--add-opens` has them."""

    def class_name(self, workload: Workload) -> str:
        return "".join(word.capitalize() for word in workload.name.split("-"))

    def program(self, workload: Workload) -> Path:
        return self.folder / f"{self.class_name(workload)}.java"

    def missing(self) -> str | None:
        why = missing(self.family)
        return f"{why}; {self.hint}" if why else None

    def version(self) -> str:
        return version_of(self.family, self.main_artifact)

    def java(self, main: str, *arguments: str) -> list[str]:
        """A command line for a class of the system's."""
        opened = [word for package in self.opened for word in ("--add-opens", f"{package}=ALL-UNNAMED")]
        classpath = f"{jar_of(self.family)}:{self.folder}:{libraries(self.family)}/*"
        return [layout.java_tool("java"), f"-Xmx{self.heap}", *opened, "-cp", classpath, main, *arguments]

    def command(self, task: Task) -> Command:
        return Command(self.java(self.class_name(task.workload), task.INPUT, task.OUTPUT))


def missing(family: str) -> str | None:
    """Returns the reason why the jars of a system cannot be used."""
    stamp = stamp_of(family)
    if not layout.java_tool("java") or not stamp.exists():
        return "not set up"
    return None if stamp.read_text() == digest_of(family) else "its sources are not those of its jar"


def version_of(family: str, artifact: str) -> str:
    """The version in the name of a jar."""
    jar = next(libraries(family).glob(f"{artifact}-[0-9]*.jar"))
    return re.search(r"\d[\w.]*", jar.stem.removeprefix(artifact))[0]


def libraries(family: str) -> Path:
    """The folder of the jars that Maven brings."""
    return layout.JARS / family


def jar_of(family: str) -> Path:
    """The jar of the system's programs."""
    return layout.JARS / f"{family}.jar"


def stamp_of(family: str) -> Path:
    """The file in which setup keeps the digest of what it has compiled."""
    return layout.JARS / f"{family}.sources"


def sources(family: str) -> list[Path]:
    """Its own, and what they have in common with Hadoop's and with other streams'."""
    own = sorted(layout.folder(family).glob("*.java"))
    common = (
        [layout.PEERS / "systems" / "jvm" / "Cells.java"] if (layout.folder(family) / "Aggregate.java").exists() else []
    )
    return own + common + layout.streaming_sources(family)


def digest_of(family: str) -> str:
    """Of what a jar is made of."""
    return layout.digest([layout.folder(family) / "pom.xml", *sources(family)])
