"""PostgreSQL, in a cluster of databases of its own. It is allowed what a server of a few GiB is usually given."""

import glob
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import HOST, free_port, running

BINARIES = "/usr/lib/postgresql/*/bin"
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "shared_buffers": "2GB",
    "work_mem": "512MB",
    "maintenance_work_mem": "512MB",
    "max_wal_size": "8GB",
}


@contextmanager
def started(folder: Path) -> Iterator[dict]:
    """Yields what psycopg.connect takes."""
    place = Path(sorted(glob.glob(BINARIES))[-1])
    data, port = folder.resolve() / "postgresql", free_port()
    data.mkdir()
    # PostgreSQL refuses to run as root. To itself it is somebody else here, and to the system still root.
    someone = ["unshare", "--user", "--map-user=1000", "--map-group=1000"] if os.geteuid() == 0 else []
    make = [
        *someone,
        place / "initdb",
        "-D",
        data,
        "--no-sync",
        "--auth=trust",
        "--username=peers",
        "--encoding=UTF8",
        "--locale=C",
    ]
    subprocess.run(make, check=True, stdout=subprocess.DEVNULL)
    workers = max(0, int(os.environ.get("CPUS", 2)) - 1)
    settings = {**SETTINGS, "port": port, "max_parallel_workers_per_gather": workers}
    argv = [*someone, place / "postgres", "-D", data, *(f"--{name}={value}" for name, value in settings.items())]
    asked = [place / "pg_isready", "-q", "-h", HOST, "-p", str(port)]
    with running(argv, data, lambda: subprocess.run(asked).returncode == 0):
        yield {"host": HOST, "port": port, "user": "peers", "dbname": "postgres"}
