"""Hadoop's grep: count each distinct match of a pattern, then sort by count.

Ties have no order that all systems share, so the answer is compared as a set of lines. The pattern has to mean the same
in POSIX, Java, RE2 and Rust syntax: no alternatives of different length, no lazy repeats. The default finds some in the
generated text, whose words alternate vowels and consonants.
"""

from harness import answers
from harness.registry import Workload

WORKLOAD = Workload(
    name="grep",
    title="count the matches of `{pattern}`, most frequent first",
    generator="text",
    size="512MiB",
    compared=answers.in_any_order,
    twinmill=("grep", "--pattern", "{pattern}"),
    parameters={"pattern": "[a-z]*ten[a-z]*"},
)
