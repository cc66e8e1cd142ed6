"""Cassandra as the source and the sink of an aggregate: rows are written one by one by its driver, which is the load;
the work is to read the columns that are asked for, add up in the client (CQL groups by keys only), write the groups to
a table, and read them back."""

from harness import layout, maven, needs, rules
from harness.interpreted import PythonSystem

LARGEST_INPUT = 32 << 20


class Cassandra(PythonSystem):
    framework = True
    needs = needs.maven()

    def reasons(self, question: rules.Question):
        yield from rules.plain_rows(question)
        if question.data.size > LARGEST_INPUT:
            yield f"is not given inputs over {LARGEST_INPUT >> 20} MiB: rows are loaded one by one"

    def version(self) -> str:
        return maven.version_of(self.family, "cassandra-all")

    def server_environment(self) -> dict[str, str]:
        return {"JAVA": layout.java_tool("java"), "LIBRARIES": str(maven.libraries(self.family))}


SYSTEMS = [Cassandra("cassandra", package="cassandra_driver")]
