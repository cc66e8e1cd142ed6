"""Shared by DataFusion's programs: the file as a table, and one timed statement whose answer goes to the output
folder."""

import os
import sys
import time
from pathlib import Path

import datafusion
import pyarrow as pa
from relations import Relation

OUTPUT = Path(sys.argv[2])
NO_BYTE_OF_TEXT = "\1"
QUOTE = "\2"
"""Around cells that have one of these two in them: there are none."""


class Session:
    def __init__(self):
        config = datafusion.SessionConfig().with_target_partitions(int(os.environ["CPUS"]))
        self.context = datafusion.SessionContext(config)

    def table(self, relation: Relation, numbers: set[str] = frozenset(), whole: bool = False) -> None:
        number = pa.int64() if whole else pa.float64()
        fields = [(name, number if name in numbers else pa.string()) for name in relation.columns]
        self._register(relation.name, relation.path, pa.schema(fields), delimiter=relation.separator)

    def lines(self) -> None:
        """Columns end at a byte that no text holds."""
        line = pa.schema([("line", pa.string())])
        self._register("lines", "input", line, delimiter=NO_BYTE_OF_TEXT, quote=NO_BYTE_OF_TEXT)

    def _register(self, name: str, path: str, schema: pa.Schema, delimiter: str, quote: str = '"') -> None:
        # A link without an extension: the file's real path, of whatever name.
        real = os.path.realpath(path)
        options = datafusion.CsvReadOptions(
            schema=schema, has_header=False, delimiter=delimiter, quote=quote, file_extension=Path(real).suffix
        )
        self.context.register_csv(name, real, options=options)

    def write(self, query: str, between: str, in_order: bool) -> None:
        """Rows go to a folder of files in turn, or in their order to one file, which its name asks for by an ending."""
        OUTPUT.mkdir()
        part = OUTPUT / ("part.csv" if in_order else "part")
        options = {"delimiter": between, "has_header": "false", "null_value": "", "quote": QUOTE}
        told = ", ".join(f"'format.{name}' '{value}'" for name, value in options.items())
        self.context.sql(f"COPY ({query}) TO '{part}' STORED AS CSV OPTIONS ({told})").collect()
        part.touch()  # COPY makes no file where there are no rows


def run(asked, between: str = "\t", in_order: bool = False) -> None:
    """Let `asked` register tables in a session; it returns the question, in whose answer `between` stands between
    cells, and whose rows may have to stay in their order."""
    session = Session()
    started = time.perf_counter()
    session.write(asked(session), between, in_order)
    print(f"work_seconds={time.perf_counter() - started:.6f}")
