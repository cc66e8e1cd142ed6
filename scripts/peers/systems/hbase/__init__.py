"""HBase as the source and the sink of an aggregate, in its standalone mode: ZooKeeper, master and region server in one
process with the client, which speaks to them over loopback. Loading is a put a row; the work is a scan of the columns
that are asked for, adding up in the client, a put a group, and reading the groups back."""

from harness import rules
from harness.maven import MavenSystem

LARGEST_INPUT = 64 << 20


class HBase(MavenSystem):
    main_artifact = "hbase-server"
    opened = tuple(
        f"java.base/{package}"
        for package in (
            "java.lang",
            "java.lang.reflect",
            "java.io",
            "java.nio",
            "java.util",
            "java.util.concurrent",
            "java.net",
            "sun.nio.ch",
            "jdk.internal.ref",
            "jdk.internal.misc",
        )
    )

    def reasons(self, question: rules.Question):
        yield from rules.usual_reader(question)
        if "distinct" in question.parameters.get("agg", ""):
            yield "is not written for distinct"
        if question.data.size > LARGEST_INPUT:
            yield f"is not given inputs over {LARGEST_INPUT >> 20} MiB: rows are loaded one by one"


SYSTEMS = [HBase("hbase")]
