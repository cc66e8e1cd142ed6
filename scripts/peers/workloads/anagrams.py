"""The groups of two and more words that are made of the same letters, in the order of their bytes. A word is
`wordcount`'s, and its bytes are its letters."""

from harness import answers
from harness.registry import Workload

WORKLOAD = Workload(
    name="anagrams",
    title="group the words that are made of the same letters",
    generator="text",
    size="64MiB",
    compared=answers.in_any_order,
    twinmill=("anagrams",),
    fixed={"tokens": "words"},
)
