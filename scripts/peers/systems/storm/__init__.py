"""Storm in one process: its local cluster, with a spout and two bolts. A tuple goes from one to the next as it
comes."""

from harness import rules
from harness.maven import MavenSystem
from harness.registry import Command, Stream


class Storm(MavenSystem):
    main_artifact = "storm-client"
    modes = ("per event",)
    intervals_ms = (0,)
    opened = ("java.base/java.lang", "java.base/java.util", "java.base/java.nio", "java.base/sun.nio.ch")

    def stream(self, stream: Stream) -> Command:
        return Command(self.java("Latency", *map(str, (stream.port, stream.events, stream.cpus))))


SYSTEMS = [Storm("storm", declines=(rules.usual_reader,))]
