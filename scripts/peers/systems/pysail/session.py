"""Shared by Sail's programs: a server on loopback, a session with it, and a timed question."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from pysail.spark import SparkConnectServer
from pyspark.sql import DataFrame, SparkSession
from relations import Relation

NO_BYTE_OF_TEXT = "\2"


class Session:
    def __init__(self, spark: SparkSession):
        self.spark = spark

    def table(self, relation: Relation, numbers: set[str] = frozenset(), whole: bool = False) -> None:
        types = relation.typed(numbers, "string", "bigint" if whole else "double")
        schema = ", ".join(f"{name} {kind}" for name, kind in types.items())
        frame = self.spark.read.csv(os.path.realpath(relation.path), schema=schema, sep=relation.separator, escape='"')
        frame.createOrReplaceTempView(relation.name)

    def lines(self) -> None:
        self.spark.read.text(os.path.realpath("input")).toDF("line").createOrReplaceTempView("lines")


def run(asked: Callable[[Session], str], lines: bool = False) -> None:
    """Let `asked` make tables in a session; it returns the question, whose answer is written."""
    server = SparkConnectServer("127.0.0.1", 0)
    server.start()
    _, port = server.listening_address
    spark = SparkSession.builder.remote(f"sc://127.0.0.1:{port}").getOrCreate()
    started = time.perf_counter()
    answer = spark.sql(asked(Session(spark)))
    written(answer, lines)
    print(f"work_seconds={time.perf_counter() - started:.6f}")
    spark.stop()
    server.stop()


def written(answer: DataFrame, lines: bool) -> None:
    """Writes rows with TAB between cells, or the only cell of each as a line."""
    parts = Path(sys.argv[2]).resolve() / "part"
    if lines:
        answer.write.text(str(parts))
    else:
        answer.write.csv(str(parts), sep="\t", quote=NO_BYTE_OF_TEXT, nullValue="", emptyValue="")
    if not parts.exists():
        parts.parent.mkdir()
        parts.touch()  # Sail makes no file where there are no rows
