"""R: base R, and data.table, R's fast tables, which reads and groups on all cores."""

from harness import rules
from harness.interpreted import ScriptSystem
from harness.needs import Needs

LARGEST_INPUT = 512 << 20


class R(ScriptSystem):
    needs = Needs({"Rscript": "r-base-core", "/usr/lib/R/site-library/data.table": "r-cran-data.table"})

    def reasons(self, question: rules.Question):
        yield from rules.usual_reader(question)
        if question.data.has(b"\0"):
            yield "takes NUL for the end of a text"
        if question.workload.name == "join" and question.parameters["how"] in ("right", "full"):
            yield f"is not written for --how {question.parameters['how']}"
        if self.name == "r" and question.data.size > LARGEST_INPUT:
            yield f"is not given inputs over {LARGEST_INPUT >> 20} MiB, which take some minutes"


BASE = ["Rscript", "-e", "cat(as.character(getRversion()))"]
DATA_TABLE = ["Rscript", "-e", "cat(as.character(packageVersion('data.table')))"]
SYSTEMS = [
    R("r", tool="Rscript", suffix=".R", version=BASE, parallel=False),
    R("data.table", family="r", tool="Rscript", suffix=".data.table.R", version=DATA_TABLE, aliases=("r-data.table",)),
]
