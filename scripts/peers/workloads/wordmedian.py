"""How many words have each length, in bytes, of which Hadoop's example takes the median. A word is `wordcount`'s."""

from harness import answers
from harness.registry import Workload

WORKLOAD = Workload(
    name="wordmedian",
    title="count the words of each length",
    generator="text",
    size="256MiB",
    compared=answers.in_any_order,
    twinmill=("wordmedian",),
    fixed={"tokens": "words"},
)
