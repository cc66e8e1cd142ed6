"""Word count where every word crosses the shuffle: a record count that no combiner can fold.

Only systems that have a shuffle to tell of take part; the reference implementation would be word count's own.
"""

from harness import answers
from harness.registry import Workload

WORKLOAD = Workload(
    name="wordcount-no-combiner",
    title="count the words of a text, combining nothing before the shuffle",
    generator="text",
    size="512MiB",
    compared=answers.in_any_order,
    twinmill=("wordcount", "--no-combiner"),
    fixed={"no-combiner": "yes", "tokens": "words"},
    modes=("disk", "memory"),
)
