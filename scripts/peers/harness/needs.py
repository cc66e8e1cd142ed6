"""What a system needs beside its own folder, and what of it is absent.

Python packages stand in `requirements.txt` of the system's folder, and Java's in its `pom.xml`: those files are read by
pip and Maven. Here is what comes from Debian.
"""

import glob
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field

from . import layout

_JAVA = {tool: "default-jdk-headless" for tool in ("java", "javac", "jar")}


@dataclass(frozen=True)
class Needs:
    debian: Mapping[str, str] = field(default_factory=dict)
    """Debian's package of each command, or of each file, whose path may have wildcards."""
    settled: Mapping[str, str] = field(default_factory=dict)
    """Files with their text that are made before packages are installed, so that these start no service."""

    def absent(self) -> dict[str, str]:
        """The commands and files that are not there, with their packages."""
        return {thing: package for thing, package in self.debian.items() if not _there(thing)}


def maven() -> Needs:
    return Needs({**_JAVA, "mvn": "maven"})


def java() -> Needs:
    return Needs(_JAVA)


def _there(thing: str) -> bool:
    if "/" in thing:
        return bool(glob.glob(thing))
    return bool(layout.java_tool(thing) if thing in _JAVA else shutil.which(thing))
