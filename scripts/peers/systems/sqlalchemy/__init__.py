"""SQLAlchemy with pandas, over PostgreSQL and over MariaDB: a table in a database, a question written in Python, its
answer in a frame. Loading is pandas' `to_sql`."""

from harness import rules
from harness.interpreted import PythonSystem
from harness.needs import Needs
from systems.mariadb import MariaDB
from systems.postgresql import PostgreSQL


class SqlAlchemy(PythonSystem):
    def __init__(self, database: str, needs: Needs):
        super().__init__(
            f"sqlalchemy-{database}",
            family="sqlalchemy",
            package="sqlalchemy",
            parallel=False,
            environment={"DATABASE": database},
            declines=(rules.plain_rows,),
        )
        self.needs = needs


SYSTEMS = [
    SqlAlchemy("postgresql", PostgreSQL.needs),
    SqlAlchemy("mariadb", MariaDB.needs),
]
