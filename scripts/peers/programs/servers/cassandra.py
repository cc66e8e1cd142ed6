"""Cassandra, one node with a data folder of its own. It is started as `bin/cassandra` starts it, which Maven does not
bring."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import HOST, answers_at, free_port, running

EXPORTS = """
java.base/jdk.internal.misc java.management.rmi/com.sun.jmx.remote.internal.rmi java.rmi/sun.rmi.registry
java.rmi/sun.rmi.server java.sql/java.sql java.base/java.lang.ref java.base/jdk.internal.ref java.base/sun.nio.ch
jdk.unsupported/sun.misc
""".split()
OPENS = """
java.base/java.lang.module java.base/java.net java.base/jdk.internal.loader java.base/jdk.internal.ref
java.base/jdk.internal.reflect java.base/jdk.internal.math java.base/jdk.internal.module
java.base/jdk.internal.util.jar java.base/sun.nio.ch java.base/java.io java.base/java.lang java.base/java.lang.reflect
java.base/java.nio java.base/java.util java.base/java.util.concurrent java.base/java.util.concurrent.atomic
jdk.management/com.sun.management.internal
""".split()
SETTINGS = """
cluster_name: peers
num_tokens: 1
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
endpoint_snitch: SimpleSnitch
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters:
      - seeds: "{host}:{storage_port}"
listen_address: {host}
rpc_address: {host}
storage_port: {storage_port}
native_transport_port: {port}
commitlog_sync: periodic
commitlog_sync_period: 10000ms
commitlog_directory: {data}/commitlog
data_file_directories: ["{data}/data"]
saved_caches_directory: {data}/saved_caches
hints_directory: {data}/hints
cdc_raw_directory: {data}/cdc_raw
auto_snapshot: false
"""
LOGGING = """<configuration>
  <appender name="said" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%level %msg%n</pattern></encoder>
  </appender>
  <root level="WARN"><appender-ref ref="said"/></root>
</configuration>
"""


@contextmanager
def started(folder: Path) -> Iterator[int]:
    """Yields the port at which clients are answered."""
    data, port, storage_port = folder.resolve() / "cassandra", free_port(), free_port()
    data.mkdir()
    settings = data / "cassandra.yaml"
    settings.write_text(SETTINGS.format(host=HOST, port=port, storage_port=storage_port, data=data))
    argv = [os.environ["JAVA"], "-Xms2g", "-Xmx2g", "-Djdk.attach.allowAttachSelf=true"]
    argv += [word for package in EXPORTS for word in ("--add-exports", f"{package}=ALL-UNNAMED")]
    argv += [word for package in OPENS for word in ("--add-opens", f"{package}=ALL-UNNAMED")]
    argv += [f"-Dcassandra.config=file://{settings}", f"-Dcassandra.storagedir={data}", "-Dcassandra-foreground=yes"]
    argv += ["-Dcassandra.ring_delay_ms=100", "-Dcassandra.skip_wait_for_gossip_to_settle=0"]
    (data / "logback.xml").write_text(LOGGING)
    argv += [
        f"-Dlogback.configurationFile={data}/logback.xml",
        f"-Dcassandra.logdir={data}",
        "-cp",
        f"{os.environ['LIBRARIES']}/*",
        "org.apache.cassandra.service.CassandraDaemon",
    ]
    with running(argv, data, lambda: answers_at(port)):
        yield port
