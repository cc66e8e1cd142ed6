"""Paths. The repository holds sources only; everything that is built or generated goes to the user's cache."""

import os
import shutil
from pathlib import Path

PEERS = Path(__file__).resolve().parents[1]
REPOSITORY = PEERS.parents[1]

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "twinmill" / "peers"
VENV = CACHE / "venv"
PYTHON = VENV / "bin" / "python"
JARS = CACHE / "jars"
DATA = CACHE / "data"
SCRATCH = CACHE / "scratch"
RESULTS = CACHE / "results"

SETUP_HINT = f"run {PEERS / 'setup'}"


def package_folder(package: str) -> Path | None:
    """The installed package's folder in the virtual environment."""
    return next(VENV.glob(f"lib/python3*/site-packages/{package}"), None)


def package_version(package: str) -> str | None:
    """The installed version, from the name of the package's `.dist-info` folder."""
    info = next(VENV.glob(f"lib/python3*/site-packages/{package}-*.dist-info"), None)
    return info and info.name.removesuffix(".dist-info").split("-", 1)[1]


def java_tool(name: str) -> str | None:
    """`java`, `javac` or `jar`: of JAVA_HOME where that is set, as spark-submit does, else of PATH."""
    home = os.environ.get("JAVA_HOME")
    return shutil.which(name, path=f"{home}/bin" if home else None)
