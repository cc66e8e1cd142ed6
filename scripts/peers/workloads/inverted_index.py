"""For each term the documents in which it occurs, and how often. A term is a run of letters, in lower case; a document
is a file, named by its file name without the last extension."""

from harness import answers
from harness.registry import Workload

WORKLOAD = Workload(
    name="inverted-index",
    title="for each term the documents that it is in",
    generator="documents",
    size="128MiB",
    files=None,
    compared=answers.in_any_order,
    twinmill=("inverted-index",),
    fixed={"tokens": "letters"},
)
