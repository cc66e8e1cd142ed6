"""Shared by Hadoop and Spark: jars compiled by setup, and the check of their presence and versions."""

import re
import subprocess
from pathlib import Path

from . import layout, rules, tables
from .registry import System, Workload

HEAP = "8g"
LOG4J = f"-Dlog4j2.configurationFile=file:{layout.PEERS / 'systems' / 'log4j2.properties'}"
"""Warnings only, on standard error: a progress line for every percent is not part of the work."""
SHARED = layout.PEERS / "systems" / "jvm"
"""Sources that are compiled into both jars."""


PLAIN_PATH = re.compile(r"[A-Za-z0-9/._=+@-]*")


class JavaSystem(System):
    """Runs the class named as the workload, capitalised: `wordcount-no-combiner` is `WordcountNoCombiner`."""

    def reasons(self, question: rules.Question):
        """Both read lines with Hadoop's reader: CR, LF and CR LF end one."""
        yield from rules.utf8_only(question)
        yield from rules.first_match(question)
        if question.pattern and (question.pattern.any_byte or question.pattern.anchored):
            yield from rules.ascii_only(question)
        if question.workload.name in rules.GRAPHS + rules.LINES:
            yield from rules.cuts_at_carriage_returns(question)
        yield from rules.drops_carriage_returns(question)
        yield from rules.plain_tables(question)
        yield from rules.plain_rows(question)
        yield from rules.plain_fields(question)
        yield from rules.texts_have_words(question)
        if "header" in question.parameters:
            if question.data.has(b'"') or tables.separator(question.data, question.parameters) not in (",", "\t", " "):
                yield "cuts rows at commas, TABs and spaces, and knows no quotes"
            if question.parameters.get("positive") and question.data.has(b" ") and question.data.has(b","):
                yield "cuts labels at spaces"
        if not PLAIN_PATH.fullmatch(str(question.scratch)):
            yield "takes some signs in the path of the work directory for a pattern"

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
        compiled = digest_of(self.family)
        if not compiled.exists() or compiled.read_text() != sources_digest(self.family):
            return f"its sources are not those of its jar; {layout.SETUP_HINT}"
        return None


def sources(family: str) -> list[Path]:
    """Sources of the family's jar."""
    own = sorted(source for folder in (layout.folder(family), SHARED) for source in folder.glob("*.java"))
    return own + layout.streaming_sources(family)


def sources_digest(family: str) -> str:
    return layout.digest(sources(family))


def digest_of(family: str) -> Path:
    """The file in which setup keeps the digest of what it has compiled."""
    return layout.JARS / f"{family}.sources"


def java_version() -> str:
    printed = subprocess.run([layout.java_tool("java"), "--version"], capture_output=True, text=True, check=True)
    return printed.stdout.split()[1]
