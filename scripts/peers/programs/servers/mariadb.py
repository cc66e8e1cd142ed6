"""MariaDB with a data folder of its own, for MySQL, whose clients it answers. It is allowed what a server of a few GiB
is given."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import HOST, answers_at, free_port, running

DATABASE = "peers"
SETTINGS = {
    "skip-grant-tables": "1",
    "skip-networking": "0",
    "bind-address": HOST,
    "socket": "s",
    "pid-file": "pid",
    "innodb-buffer-pool-size": "2G",
    "innodb-log-file-size": "1G",
    "tmp-table-size": "1G",
    "max-heap-table-size": "1G",
    "sort-buffer-size": "256M",
    "join-buffer-size": "256M",
    "secure-file-priv": "",
    "local-infile": "1",
    "character-set-server": "utf8mb4",
    "collation-server": "utf8mb4_nopad_bin",
}


@contextmanager
def started(folder: Path) -> Iterator[dict]:
    """Yields what pymysql.connect takes."""
    data, port = folder.resolve() / "mariadb", free_port()
    # A folder in its data is a database. Nobody else has an account, so there are no tables of accounts.
    (data / DATABASE).mkdir(parents=True)
    user = ["--user=root"] if os.geteuid() == 0 else []
    argv = ["mariadbd", "--no-defaults", f"--datadir={data}", f"--tmpdir={data}", f"--port={port}", *user]
    argv += [f"--{name}={value}" for name, value in SETTINGS.items()]
    with running(argv, data, lambda: answers_at(port)):
        yield {"host": HOST, "port": port, "user": "root", "database": DATABASE}
