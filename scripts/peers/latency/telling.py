"""The table, the sentences and the chart of a measurement."""

import html
import math

CLAIM_MS = 500
CLAIM = "Spark Streaming is at least 500 ms behind, since it works in micro-batches"


def table(runs: list[dict]) -> str:
    head = ["system", "mode", "interval", "p50", "p90", "p99", "p99.9", "max", "events/s", "processor", "answer"]
    rows = [head] + [_row(run) for run in runs]
    widths = [max(len(row[place]) for row in rows) for place in range(len(head))]
    lines = [
        "  ".join(
            cell.ljust(width) if place < 2 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths))
        )
        for row in rows
    ]
    return "\n".join([lines[0], *lines[1:], "Milliseconds from when an event is due to when it is in the output."])


def _row(run: dict) -> list[str]:
    if run.get("failed"):
        return [run["system"], run["mode"], f"{run['interval_ms']:g}", "FAILED", *[""] * 7]
    latency = run["latency_ms"]
    return [
        run["system"],
        run["mode"],
        f"{run['interval_ms']:g} ms",
        *(_ms(latency[name]) for name in ("p50", "p90", "p99", "p999", "max")),
        f"{run['throughput_per_second']:,.0f}" + ("" if run["kept_up"] else ", falls behind"),
        f"{run['cpu_seconds']:.1f} s",
        "equal" if run["answer_equal"] else "DIFFERS",
    ]


def _ms(value: float) -> str:
    return f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def verdicts(runs: list[dict]) -> list[dict]:
    """Whether the claim holds: for Spark's micro-batches, and how far the others are from it."""
    told = []
    groups: dict[tuple[str, str], list[dict]] = {}
    for run in runs:
        if not run.get("failed") and run["kept_up"]:
            groups.setdefault((run["system"], run["mode"]), []).append(run)
    for (system, mode), of in groups.items():
        best = min(of, key=lambda run: run["latency_ms"]["p50"])
        below = best["latency_ms"]["p99"] < CLAIM_MS
        told.append(
            {
                "system": system,
                "mode": mode,
                "version": best["version"],
                "interval_ms": best["interval_ms"],
                "p50_ms": best["latency_ms"]["p50"],
                "p99_ms": best["latency_ms"]["p99"],
                "at_least_500_ms": best["latency_ms"]["min"] >= CLAIM_MS,
                "p99_below_500_ms": below,
            }
        )
    return told


def claim(told: list[dict]) -> dict:
    """The claim, judged by Spark's micro-batches at their shortest interval."""
    spark = next(
        (verdict for verdict in told if (verdict["system"], verdict["mode"]) == ("spark", "micro-batch")), None
    )
    if spark is None:
        verdict = "undecided, since no run of Spark's micro-batches kept up"
    elif spark["at_least_500_ms"]:
        verdict = "true here"
    else:
        verdict = "false here" if spark["p99_below_500_ms"] else "false here for most events"
    return {"claim": CLAIM, "verdict": verdict, "measured": spark}


def sentences(told: list[dict], judged: dict) -> list[str]:
    lines = [
        f"{each['system']} ({each['mode']}): half of the events within {_ms(each['p50_ms'])} ms, "
        f"99 % within {_ms(each['p99_ms'])} ms, at an interval of {each['interval_ms']:g} ms."
        for each in told
    ]
    return [*lines, f'"{judged["claim"]}": {judged["verdict"]}.']


WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 860, 460, 70, 230, 40, 60
COLOURS = ["#1b6ca8", "#d1495b", "#2e8b57", "#8d5aa8", "#c97b12", "#4a4a4a"]


def svg(document: dict) -> str:
    """p50 (a line) and p99 (a dashed one) of each system against its interval, both on logarithmic scales."""
    runs = [run for run in document["runs"] if not run.get("failed")]
    if not runs:
        return ""
    series: dict[str, list[dict]] = {}
    for run in runs:
        series.setdefault(f"{run['system']}, {run['mode']}", []).append(run)
    x = _Scale([max(1, run["interval_ms"]) for run in runs], LEFT, WIDTH - RIGHT)
    y = _Scale([run["latency_ms"][name] for run in runs for name in ("p50", "p99")] + [CLAIM_MS], HEIGHT - BOTTOM, TOP)
    parts = [*_axes(x, y)]
    for place, (name, of) in enumerate(series.items()):
        parts += _series(name, of, COLOURS[place % len(COLOURS)], TOP + 14 + 40 * place, x, y)
    title = f"{document['rate']:,g} events a second: from due to put out"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            'font-family="sans-serif" font-size="13">',
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
            f'<text x="{LEFT}" y="22" font-size="16">{html.escape(title)}</text>',
            *parts,
            "</svg>\n",
        ]
    )


class _Scale:
    """A logarithmic scale from values to places."""

    def __init__(self, values: list[float], low: float, high: float):
        self.first = math.floor(math.log10(max(0.01, min(values))))
        self.last = max(self.first + 1, math.ceil(math.log10(max(values))))
        self.low, self.high = low, high

    def __call__(self, value: float) -> float:
        share = (math.log10(max(10**self.first, value)) - self.first) / (self.last - self.first)
        return round(self.low + share * (self.high - self.low), 1)

    def decades(self) -> list[float]:
        return [10.0**power for power in range(self.first, self.last + 1)]


def _axes(x: _Scale, y: _Scale) -> list[str]:
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    parts = []
    for value in y.decades():
        parts.append(f'<line x1="{LEFT}" x2="{right}" y1="{y(value)}" y2="{y(value)}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y(value) + 4}" text-anchor="end">{value:g} ms</text>')
    for value in x.decades():
        parts.append(f'<line y1="{TOP}" y2="{bottom}" x1="{x(value)}" x2="{x(value)}" stroke="#eee"/>')
        parts.append(f'<text x="{x(value)}" y="{bottom + 20}" text-anchor="middle">{value:g} ms</text>')
    at = y(CLAIM_MS)
    parts.append(f'<line x1="{LEFT}" x2="{right}" y1="{at}" y2="{at}" stroke="#999" stroke-dasharray="2 4"/>')
    parts.append(f'<text x="{right - 4}" y="{at - 5}" text-anchor="end" fill="#666">{CLAIM_MS} ms</text>')
    middle = (LEFT + right) / 2
    parts.append(f'<text x="{middle}" y="{HEIGHT - 14}" text-anchor="middle">interval (0 is drawn at 1 ms)</text>')
    return parts


def _series(name: str, runs: list[dict], colour: str, label: float, x: _Scale, y: _Scale) -> list[str]:
    runs = sorted(runs, key=lambda run: run["interval_ms"])
    parts = []
    for percentile, dashes in (("p50", ""), ("p99", ' stroke-dasharray="6 4"')):
        points = [(x(max(1, run["interval_ms"])), y(run["latency_ms"][percentile])) for run in runs]
        line = " ".join(f"{left},{top}" for left, top in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>')
        parts += [f'<circle cx="{left}" cy="{top}" r="3" fill="{colour}"/>' for left, top in points]
    place = WIDTH - RIGHT + 18
    parts.append(f'<text x="{place}" y="{label}" fill="{colour}">{html.escape(name)}</text>')
    parts.append(f'<text x="{place}" y="{label + 16}" fill="#666">p50 line, p99 dashed</text>')
    return parts
