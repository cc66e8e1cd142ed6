"""Spark in one process, started with spark-submit as a user would, without the web page nobody looks at here."""

from harness import layout, rules
from harness.jvm import HEAP, LOG4J, JavaSystem, java_version
from harness.registry import Command, Task


class Spark(JavaSystem):
    framework = True

    def reasons(self, question: rules.Question):
        """Java orders strings by their units of UTF-16."""
        if question.workload.name in rules.LINES + rules.GRAPHS:
            yield from rules.ascii_only(question)
        yield from super().reasons(question)

    def version(self) -> str:
        return f"{layout.package_version('pyspark')} (local, Java {java_version()})"

    def command(self, task: Task) -> Command:
        home = layout.package_folder("pyspark")
        settings = {
            "spark.ui.enabled": "false",
            "spark.local.dir": task.folder / task.SCRATCH,
            "spark.hadoop.fs.local.block.size": task.environment()["SPLIT_BYTES"],
        }
        argv = [f"{home}/bin/spark-submit", "--master", f"local[{task.cpus}]", "--driver-memory", HEAP]
        argv += ["--driver-java-options", LOG4J, "--class", self.class_name(task.workload)]
        for name, value in settings.items():
            argv += ["--conf", f"{name}={value}"]
        argv += [str(self.jar), task.INPUT, task.OUTPUT]
        return Command(argv, {"SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1"})


SYSTEMS = [Spark("spark")]
