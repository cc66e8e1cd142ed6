"""Latencies of events, and their percentiles."""

from bisect import bisect_left, bisect_right
from dataclasses import asdict, dataclass

from .events import Events
from .running import Streamed

PERCENTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p999": 0.999}


@dataclass(frozen=True)
class Figures:
    events: int
    """Events whose latency counts: those due after the warm-up."""
    outputs: int
    """Times at which output appeared: batches, or events where each has its own."""
    latency_ms: dict[str, float]
    throughput_per_second: float
    """Events a second, from when the first of them was due to when the last of them was in the output."""
    kept_up: bool
    """Whether events were put out as fast as they came: the last tenth was not later, nor the first one, by more than a
    second. A program that still works off what came while it started has not kept up."""
    answer_equal: bool
    cpu_seconds: float

    def to_json(self) -> dict:
        return asdict(self)


def figures(streamed: Streamed, events: Events, warm_up: int, expected: dict[str, int]) -> Figures:
    """The figures of a run, without its first `warm_up` events.

    Raises ValueError where an event is in no output.
    """
    when = times(streamed, events)
    late = [at - events.due(number, streamed.start) for number, at in enumerate(when)]
    counted = sorted(late[warm_up:])
    latency = {name: place(counted, share) / 1e6 for name, share in PERCENTILES.items()}
    tenth = max(1, len(counted) // 10)
    head, tail = sorted(late[warm_up : warm_up + tenth]), sorted(late[-tenth:])
    seconds = (max(when) - events.due(warm_up, streamed.start)) / 1e9
    return Figures(
        events=len(counted),
        outputs=len({at for at, *_ in streamed.seen}),
        latency_ms={
            "min": round(counted[0] / 1e6, 3),
            **{name: round(ms, 3) for name, ms in latency.items()},
            "max": round(counted[-1] / 1e6, 3),
        },
        throughput_per_second=round(len(counted) / seconds, 1),
        kept_up=abs(place(tail, 0.5) - place(head, 0.5)) / 1e6 < 1000,
        answer_equal=streamed.totals == expected,
        cpu_seconds=round(streamed.cpu_seconds, 3),
    )


def times(streamed: Streamed, events: Events) -> list[int]:
    """When each event was first in the output."""
    of_key: dict[str, list[int]] = {}
    for number in range(events.count):
        of_key.setdefault(events.key(number), []).append(number)
    when = [0] * events.count
    for at, key, first, last in streamed.seen:
        if key == "*":
            numbers = range(first, last + 1)
        else:
            all_of_it = of_key[key]
            numbers = all_of_it[bisect_left(all_of_it, first) : bisect_right(all_of_it, last)]
        for number in numbers:
            when[number] = min(at, when[number]) if when[number] else at
    missing = when.count(0)
    if missing:
        raise ValueError(f"{missing} of {events.count} events are in no output; the first is {when.index(0)}")
    return when


def place(ordered: list[int], share: float) -> int:
    """The value that this share of the values does not exceed."""
    return ordered[min(len(ordered) - 1, max(0, -int(-share * len(ordered) // 1) - 1))]
