"""The Markdown table of a session."""

from statistics import median

from .session import Row, Session

BASELINE = "twinmill-memory"


def markdown(session: Session) -> str:
    base = next(
        (_median(row, "work_seconds") for row in session.rows if row.system.name == BASELINE and row.runs), None
    )
    expected = session.expected()
    iterative = any(run.iteration_seconds for row in session.rows for run in row.runs)
    loading = any(run.load_seconds is not None for row in session.rows for run in row.runs)
    titles = [*(["load s"] if loading else []), "work s", "min–max"]
    titles += ["first iteration s", "others s"] if iterative else []
    titles += ["wall s", "start-up s", "peak memory", f"× {BASELINE}"]
    lines = [
        f"### {session.workload.name}: {session.workload.title.format(**session.parameters)}",
        "",
        *_facts(session),
        "",
        _cells(["system", *titles, "answer"]),
        "|---|" + "---:|" * len(titles) + "---|",
        *(_cells(_line(row, base, loading, iterative, expected)) for row in session.rows),
        "",
        f"Medians; rounds: {session.rounds}, interleaved. Work is what the program counts itself, from its first read "
        "to its last write; a database takes the input in before, which is load; start-up is the rest of the process's "
        "wall time; the ratio is of work.",
    ]
    if iterative:
        lines[-1] += " Iterations are timed by the program itself: the first, and the median of the others."
    tolerance = session.workload.tolerance
    if tolerance is not None:
        lines[-1] += (
            f" Answers agree when their keys are equal and no number differs by more than {tolerance:g}; in brackets: "
            "the largest difference from the first such answer."
        )
    for verdict, groups in (
        ("**THE ANSWERS DIFFER:**", session.disagreement()),
        ("**THE BYTES DIFFER** where identical ones are promised:", session.broken_promise()),
    ):
        lines += ["", verdict, ""] if groups else []
        lines += [
            f"- {', '.join(names)}: {answer.lines} lines, {answer.bytes} bytes, digest {answer.digest}"
            for answer, names in groups.items()
        ]
    return "\n".join(lines)


def _facts(session: Session) -> list[str]:
    machine = session.machine
    versions = _versions(session)
    return [
        f"- command: `{session.command}`",
        f"- input: {_size(session.input_bytes)}, warm page cache; {session.started}",
        f"- machine: {machine['cpu_model']}, {machine['cpus_used']} of {machine['cpus']} CPUs, "
        f"{_size(machine['memory_bytes'])}, {machine['filesystem']}, Linux {machine['kernel']}",
        f"- versions: {'; '.join(versions)}",
    ]


def _versions(session: Session) -> list[str]:
    """Each family once; its members by themselves where they are of different versions."""
    of_family: dict[str, dict[str, str]] = {}
    for row in session.rows:
        if row.version:
            of_family.setdefault(row.system.family, {})[row.system.name] = row.version
    told = []
    for family, members in of_family.items():
        shared = set(members.values())
        told += [f"{family} {shared.pop()}"] if len(shared) == 1 else [f"{name} {it}" for name, it in members.items()]
    return told


def _line(row: Row, base: float | None, loading: bool, iterative: bool, expected: str | None) -> list[str]:
    if row.skipped or row.failed:
        reason = f"skipped: {row.skipped}" if row.skipped else f"**FAILED** ({row.failed.splitlines()[0]})"
        return [row.system.name, reason, *[""] * (6 + loading + 2 * iterative)]
    work = [run.work_seconds for run in row.runs]
    return [
        row.system.name,
        *([_load(row)] if loading else []),
        f"{median(work):.2f}",
        f"{min(work):.2f}–{max(work):.2f}",
        *(_iterations(row) if iterative else []),
        f"{_median(row, 'wall_seconds'):.2f}",
        f"{_median(row, 'startup_seconds'):.2f}",
        _size(_median(row, "peak_rss_bytes")),
        f"{median(work) / base:.2f}" if base else "–",
        _answer(row, expected),
    ]


def _load(row: Row) -> str:
    loads = [run.load_seconds for run in row.runs if run.load_seconds is not None]
    return f"{median(loads):.2f}" if loads else "–"


def _iterations(row: Row) -> list[str]:
    """The first iteration and the median of the others."""
    first = [run.iteration_seconds[0] for run in row.runs if run.iteration_seconds]
    others = [seconds for run in row.runs for seconds in run.iteration_seconds[1:]]
    return [f"{median(seconds):.3f}" if seconds else "–" for seconds in (first, others)]


def _answer(row: Row, expected: str | None) -> str:
    if not row.system.answers:
        return "–"
    if any(run.answer.agrees_with != expected for run in row.runs):
        return "**DIFFERS**"
    difference = max(run.answer.difference for run in row.runs)
    return f"ok ({difference:.0e})" if difference else "ok"


def _cells(texts: list[str]) -> str:
    return "| " + " | ".join(texts) + " |"


def _median(row: Row, field: str) -> float:
    return median(getattr(run, field) for run in row.runs)


def _size(size: float) -> str:
    """Binary units, two or three digits."""
    for unit, scale in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size >= scale:
            count = size / scale
            return f"{count:.0f} {unit}" if count >= 100 else f"{count:.1f} {unit}"
    return f"{size:.0f} bytes"
