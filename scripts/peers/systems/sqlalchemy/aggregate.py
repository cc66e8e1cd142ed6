"""A grouped select, whose rows pandas reads. The table is filled with `to_sql`, some thousand rows a statement."""

import os
import sys
import time
from importlib import import_module
from pathlib import Path

import pandas as pd
from relations import Aggregate, Relation
from sqlalchemy import Column, Float, MetaData, String, Table, cast, create_engine, func, select
from sqlalchemy.engine import URL

DATABASE = os.environ["DATABASE"]
DRIVERS = {"postgresql": "postgresql+psycopg", "mariadb": "mysql+pymysql"}
ROWS_AT_ONCE = 20_000
FUNCTIONS = {"sum": func.sum, "mean": func.avg, "min": func.min, "max": func.max}

question, relation = Aggregate(), Relation("input")


def url(reached: dict) -> URL:
    name = reached.get("dbname") or reached["database"]
    return URL.create(DRIVERS[DATABASE], reached["user"], host=reached["host"], port=reached["port"], database=name)


def load(engine) -> Table:
    types = {name: Float(53) if name in question.numbers else String(500) for name in relation.columns}
    table = Table("rows_of_input", MetaData(), *(Column(name, kind) for name, kind in types.items()))
    table.create(engine)
    read = {name: "float64" if name in question.numbers else "str" for name in relation.columns}
    chunks = pd.read_csv(
        relation.path,
        sep=relation.separator,
        header=None,
        names=relation.columns,
        dtype=read,
        chunksize=ROWS_AT_ONCE,
        keep_default_na=False,
        na_values=[""],
    )
    for chunk in chunks:
        chunk.to_sql(table.name, engine, if_exists="append", index=False)
    return table


def asked(table: Table):
    groups = [table.c[column] for column in question.groups]
    return select(
        *groups, *(told(table, *wanted).label(f"v{place}") for place, wanted in enumerate(question.wanted))
    ).group_by(*groups)


def told(table: Table, function: str, column: str | None):
    if column is None:
        return func.count()
    values = table.c[column]
    if function == "count":
        return func.count(values)
    if function == "distinct":
        return func.count(values.distinct())
    return FUNCTIONS[function](values if column in question.numbers else cast(values, Float(53)))


with import_module(f"servers.{DATABASE}").started(Path(os.environ["SCRATCH"])) as reached:
    engine = create_engine(url(reached))
    started = time.perf_counter()
    table = load(engine)
    loaded = time.perf_counter()
    output = Path(sys.argv[2])
    output.mkdir()
    frame = pd.read_sql(asked(table), engine)
    frame.to_csv(output / "part", sep="\t", header=False, index=False)
    print(f"load_seconds={loaded - started:.6f}")
    print(f"work_seconds={time.perf_counter() - loaded:.6f}")
    engine.dispose()
