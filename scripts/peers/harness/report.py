"""The Markdown table of a session."""

from statistics import median

from .session import Row, Session

BASELINE = "twinmill-memory"


def markdown(session: Session) -> str:
    base = next(
        (_median(row, "work_seconds") for row in session.rows if row.system.name == BASELINE and row.runs), None
    )
    expected = session.expected()
    lines = [
        f"### {session.workload.name}: {session.workload.title.format(**session.parameters)}",
        "",
        *_facts(session),
        "",
        f"| system | work s | min–max | wall s | start-up s | peak memory | × {BASELINE} | answer |",
        "|---|---:|---:|---:|---:|---:|---:|---|",
        *(_line(row, base, expected) for row in session.rows),
        "",
        f"Medians; rounds: {session.rounds}, interleaved. Work is what the program counts itself, from its first read "
        "to its last write; start-up is the rest of the process's wall time; the ratio is of work.",
    ]
    groups = session.disagreement()
    if groups:
        lines += ["", "**THE ANSWERS DIFFER:**", ""]
        lines += [
            f"- {', '.join(names)}: {answer.lines} lines, {answer.bytes} bytes, digest {answer.digest}"
            for answer, names in groups.items()
        ]
    return "\n".join(lines)


def _facts(session: Session) -> list[str]:
    machine = session.machine
    versions = {row.system.family: row.version for row in session.rows if row.version}
    return [
        f"- command: `{session.command}`",
        f"- input: {_size(session.input.stat().st_size)}, warm page cache; {session.started}",
        f"- machine: {machine['cpu_model']}, {machine['cpus_used']} of {machine['cpus']} CPUs, "
        f"{_size(machine['memory_bytes'])}, {machine['filesystem']}, Linux {machine['kernel']}",
        "- versions: " + "; ".join(f"{family} {version}" for family, version in versions.items()),
    ]


def _line(row: Row, base: float | None, expected: str | None) -> str:
    name = row.system.name
    if row.skipped or row.failed:
        reason = f"skipped: {row.skipped}" if row.skipped else f"**FAILED** ({row.failed.splitlines()[0]})"
        return f"| {name} | {reason} | | | | | | |"
    work = [run.work_seconds for run in row.runs]
    answer = "–"
    if row.system.answers:
        answer = "ok" if all(run.answer.digest == expected for run in row.runs) else "**DIFFERS**"
    cells = [
        name,
        f"{median(work):.2f}",
        f"{min(work):.2f}–{max(work):.2f}",
        f"{_median(row, 'wall_seconds'):.2f}",
        f"{_median(row, 'startup_seconds'):.2f}",
        _size(_median(row, "peak_rss_bytes")),
        f"{median(work) / base:.2f}" if base else "–",
        answer,
    ]
    return "| " + " | ".join(cells) + " |"


def _median(row: Row, field: str) -> float:
    return median(getattr(run, field) for run in row.runs)


def _size(size: float) -> str:
    """Binary units, two or three digits."""
    for unit, scale in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size >= scale:
            count = size / scale
            return f"{count:.0f} {unit}" if count >= 100 else f"{count:.1f} {unit}"
    return f"{size:.0f} bytes"
