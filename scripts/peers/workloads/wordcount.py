"""Word count. A word is a maximal run of bytes other than space, TAB, LF, CR, FF: Hadoop's StringTokenizer."""

from harness import answers
from harness.registry import Workload

WORKLOAD = Workload(
    name="wordcount",
    title="count the words of a text",
    generator="text",
    size="512MiB",
    compared=answers.in_any_order,
    twinmill=("wordcount",),
    fixed={"no-combiner": "", "tokens": "words"},
)
