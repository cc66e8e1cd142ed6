"""The tables of an access log's dashboard: requests, bytes and errors by hour, status, method, extension, page, host
and referrer, and the sessions of each host."""

from harness import answers
from harness.registry import Workload

WORKLOAD = Workload(
    name="dashboard",
    title="the tables of an access log",
    generator="access-log",
    size="256MiB",
    compared=answers.in_any_order,
    twinmill=("dashboard",),
)
