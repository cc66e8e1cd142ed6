"""Flink in one process: its local cluster, with DataStream programs. Records go from task to task as they come;
`setBufferTimeout` says how long they may wait for others."""

from harness import rules
from harness.maven import MavenSystem
from harness.registry import Command, Stream


class Flink(MavenSystem):
    main_artifact = "flink-streaming-java"
    opened = ("java.base/java.util", "java.base/java.lang", "java.base/java.time")
    modes = ("per event",)
    intervals_ms = (0, 5, 100)
    interval_is = "longest wait in a buffer (setBufferTimeout)"

    def stream(self, stream: Stream) -> Command:
        return Command(self.java("Latency", *map(str, (stream.port, stream.events, stream.interval_ms, stream.cpus))))


SYSTEMS = [Flink("flink", declines=(rules.usual_reader,))]
