"""SQLAlchemy with pandas, over PostgreSQL and over MariaDB, as the source text has it: a table in a database, a
question written in Python, its answer in a frame. Loading is pandas' `to_sql`."""

from harness import rules
from harness.interpreted import PythonSystem
from harness.needs import Needs


class SqlAlchemy(PythonSystem):
    def __init__(self, database: str, needs: Needs):
        super().__init__(
            f"sqlalchemy-{database}",
            family="sqlalchemy",
            package="sqlalchemy",
            parallel=False,
            environment={"DATABASE": database},
        )
        self.needs = needs

    def reasons(self, question: rules.Question):
        yield from rules.plain_rows(question)


SYSTEMS = [
    SqlAlchemy("postgresql", Needs({"/usr/lib/postgresql/*/bin/postgres": "postgresql"})),
    SqlAlchemy("mariadb", Needs({"mariadbd": "mariadb-server-core"})),
]
