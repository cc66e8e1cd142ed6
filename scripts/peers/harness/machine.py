"""The machine a table was made on."""

import os
import platform
import re
from pathlib import Path


def describe(cpus: int, folder: Path) -> dict:
    """CPU, memory, kernel, and the file system that holds `folder`."""
    cpu = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return {
        "cpu_model": cpu[1] if cpu else platform.machine(),
        "cpus_used": cpus,
        "cpus": os.cpu_count(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "kernel": platform.release(),
        "filesystem": _filesystem(folder),
    }


def _filesystem(folder: Path) -> str:
    """Type of the mount with the longest path above `folder`."""
    mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    above = [(mount, kind) for mount, kind in mounts if folder.resolve().is_relative_to(mount)]
    return max(above, key=lambda entry: len(entry[0]))[1]
