"""Hadoop MapReduce in one process: LocalJobRunner, from the client jars that pyspark brings.

`LocalJob.java` raises what the runner keeps low by default: one task at a time, 32 MiB splits, polls every 5 s.
"""

from harness import layout, rules
from harness.jvm import HEAP, LOG4J, JavaSystem, java_version
from harness.registry import Command, Task


class Hadoop(JavaSystem):
    framework = True

    def reasons(self, question: rules.Question):
        yield from super().reasons(question)
        yield from rules.rows_alone(question)
        if question.pattern and question.pattern.nullable:
            yield "counts matches of nothing"
        if question.workload.name == "join" and question.parameters["how"] != "inner":
            yield f"is not written for --how {question.parameters['how']}"
        if "distinct" in question.parameters.get("agg", ""):
            yield "is not written for distinct"

    def version(self) -> str:
        jar = next((layout.package_folder("pyspark") / "jars").glob("hadoop-client-api-*.jar"))
        return f"{jar.stem.removeprefix('hadoop-client-api-')} (LocalJobRunner, Java {java_version()})"

    def command(self, task: Task) -> Command:
        classpath = f"{self.jar}:{layout.package_folder('pyspark')}/jars/*"
        argv = [layout.java_tool("java"), f"-Xmx{HEAP}", LOG4J, "-cp", classpath, self.class_name(task.workload)]
        return Command([*argv, task.INPUT, task.OUTPUT])


SYSTEMS = [Hadoop("hadoop")]
