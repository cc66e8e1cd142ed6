"""Spark in one process, started with spark-submit as a user would, without the web page nobody looks at here."""

from harness import layout, rules
from harness.jvm import HEAP, LOG4J, JavaSystem, java_version
from harness.registry import Command, Stream, Task


FEWEST_ITERATIONS = 30
LEAST_RATINGS = 50_000
"""Bytes."""


class Spark(JavaSystem):
    framework = True
    modes = ("micro-batch", "real-time")
    intervals_ms = (0, 100, 500, 1000)
    interval_is = "0: a batch as soon as the one before is done; real-time mode has no batches to wait for"

    def reasons(self, question: rules.Question):
        """Java orders strings by their units of UTF-16."""
        if question.workload.name in rules.LINES + rules.GRAPHS:
            yield from rules.ascii_only(question)
        yield from super().reasons(question)
        if question.workload.name == "als":
            if int(question.parameters["iterations"]) < FEWEST_ITERATIONS or question.data.size < LEAST_RATINGS:
                few = f"below {FEWEST_ITERATIONS} iterations, and where ratings are few"
                yield f"starts from other traits, which tell {few}"

    def version(self) -> str:
        return f"{layout.package_version('pyspark')} (local, Java {java_version()})"

    def command(self, task: Task) -> Command:
        settings = {
            "spark.local.dir": task.folder / task.SCRATCH,
            "spark.hadoop.fs.local.block.size": task.environment()["SPLIT_BYTES"],
        }
        return self._submitted(task.cpus, settings, self.class_name(task.workload), task.INPUT, task.OUTPUT)

    def stream(self, stream: Stream) -> Command:
        """In real-time mode all stages run at once, so there are as many slots as tasks."""
        slots = stream.cpus if stream.mode == "micro-batch" else 1 + stream.cpus
        settings = {"spark.local.dir": stream.folder, "spark.sql.shuffle.partitions": stream.cpus}
        arguments = map(str, (stream.port, stream.events, stream.interval_ms, stream.mode))
        return self._submitted(slots, settings, "Latency", *arguments)

    def _submitted(self, slots: int, settings: dict, main: str, *arguments: str) -> Command:
        home = layout.package_folder("pyspark")
        argv = [f"{home}/bin/spark-submit", "--master", f"local[{slots}]", "--driver-memory", HEAP]
        argv += ["--driver-java-options", LOG4J, "--class", main]
        for name, value in {"spark.ui.enabled": "false", **settings}.items():
            argv += ["--conf", f"{name}={value}"]
        return Command([*argv, str(self.jar), *arguments], {"SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1"})


SYSTEMS = [Spark("spark")]
