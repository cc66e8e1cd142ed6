"""Trino, a coordinator that is its own worker. Files in the folder `files` beside its settings are its tables."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from . import HOST, free_port, running

# Where catalogs are static, a node is announced with its catalogs some seconds after the server says that it has started,
# and a question before that finds no node.
CONFIG = """coordinator=true
node-scheduler.include-coordinator=true
http-server.http.port={port}
discovery.uri=http://{host}:{port}
catalog.management=dynamic
query.max-memory=3GB
query.max-memory-per-node=3GB
"""
NODE = """node.environment=peers
node.id=peers
node.data-dir={data}
node.internal-address={host}
node.bind-ip={host}
"""
HIVE = """connector.name=hive
hive.metastore=file
hive.metastore.catalog.dir=local:///metastore
fs.native-local.enabled=true
local.location={files}
hive.security=allow-all
"""
JVM = """
-Xmx6G -XX:InitialRAMPercentage=10 -XX:+ExplicitGCInvokesConcurrent -Djdk.attach.allowAttachSelf=true
-Djdk.nio.maxCachedBufferSize=2000000 -Dfile.encoding=UTF-8 --enable-native-access=ALL-UNNAMED
--sun-misc-unsafe-memory-access=allow -XX:+UnlockDiagnosticVMOptions -XX:+EnableDynamicAgentLoading
""".split()


@contextmanager
def started(folder: Path) -> Iterator[tuple[int, Path]]:
    """Yields the port at which questions are answered, and the folder of files."""
    data, port = folder.resolve() / "trino", free_port()
    files, settings = data / "files", data / "etc"
    for made in (files / "metastore", settings / "catalog"):
        made.mkdir(parents=True)
    (settings / "config.properties").write_text(CONFIG.format(port=port, host=HOST))
    (settings / "log.properties").write_text("io.trino=WARN\n")
    (settings / "catalog" / "hive.properties").write_text(HIVE.format(files=files))
    home = Path(os.environ["TRINO_HOME"])
    # The connectors that are not asked for would take a minute to start.
    (data / "plugin").mkdir()
    (data / "plugin" / "hive").symlink_to(home / "plugin" / "hive")
    argv = [os.environ["JAVA"], *JVM, f"-Dconfig={settings}/config.properties"]
    argv += [f"-Dlog.levels-file={settings}/log.properties", "-cp", f"{home}/lib/*", "io.trino.server.TrinoServer"]
    argv[1:1] = [f"-D{line}" for line in NODE.format(data=data, host=HOST).splitlines()]
    with running(argv, data, lambda: _is_up(port), within_seconds=600):
        yield port, files


def _is_up(port: int) -> bool:
    try:
        with urlopen(f"http://{HOST}:{port}/v1/info", timeout=2) as answer:
            return b'"starting":false' in answer.read()
    except OSError:
        return False
