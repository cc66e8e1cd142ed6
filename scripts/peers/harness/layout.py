"""Paths. The repository holds sources only; everything that is built or generated goes to the user's cache."""

import hashlib
import os
import shutil
from pathlib import Path

PEERS = Path(__file__).resolve().parents[1]
REPOSITORY = PEERS.parents[1]

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "twinmill" / "peers"
VENV = CACHE / "venv"
VENVS = CACHE / "venvs"
"""Of systems that have a `requirements.txt` of their own."""
MAVEN = CACHE / "maven"
"""What Maven keeps."""
JARS = CACHE / "jars"
DATA = CACHE / "data"
SCRATCH = CACHE / "scratch"
RESULTS = CACHE / "results"

SETUP_HINT = f"run {PEERS / 'setup'}"


def folder(family: str) -> Path:
    """Sources of a system."""
    return PEERS / "systems" / family


def streaming_sources(family: str) -> list[Path]:
    """What a system that takes a stream of events is compiled with."""
    takes_one = (folder(family) / "Latency.java").exists()
    return sorted((PEERS / "systems" / "streaming").glob("*.java")) if takes_one else []


def digest(sources: list[Path]) -> str:
    """Of the names and contents of sources: their times change with every checkout."""
    seen = hashlib.blake2b(digest_size=16)
    for source in sources:
        text = source.read_bytes()
        seen.update(f"{source.name} {len(text)}\n".encode() + text)
    return seen.hexdigest()


def venv(family: str) -> Path:
    """The virtual environment of a system: its own, or the one of all that need no particular versions."""
    return VENVS / family if (folder(family) / "requirements.txt").exists() else VENV


def python(venv: Path = VENV) -> Path:
    return venv / "bin" / "python"


def package_folder(package: str, venv: Path = VENV) -> Path | None:
    """The installed package's folder in a virtual environment."""
    return next(venv.glob(f"lib/python3*/site-packages/{package}"), None)


def package_version(package: str, venv: Path = VENV) -> str | None:
    """The installed version, from the name of the package's `.dist-info` folder."""
    info = next(venv.glob(f"lib/python3*/site-packages/{package}-*.dist-info"), None)
    return info and info.name.removesuffix(".dist-info").split("-", 1)[1]


def java_tool(name: str) -> str | None:
    """`java`, `javac` or `jar`: of JAVA_HOME where that is set, as spark-submit does, else of PATH."""
    home = os.environ.get("JAVA_HOME")
    return shutil.which(name, path=f"{home}/bin" if home else None)
