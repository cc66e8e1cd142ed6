#!/usr/bin/env python3
"""Random trials of the whole program, which scripts/fuzz runs beside the targets of libFuzzer.

    tests/fuzz/random_trials.py limits target/release/twinmill --minutes 15
    tests/fuzz/random_trials.py resume target/release/twinmill --minutes 15 --seed 7

limits: a random job with random settings under random limits of files, address space, threads, file sizes and stack, on an input
whose name is random bytes. It must give the answer that it gives without limits, or status 1 with an error in words; nothing may
be left.

resume: a random job is killed at a random moment; one random thing of its inputs, options, side inputs or remains is changed;
then --resume. The answer must be that of a fresh run after the change, or an error.

Each trial has a seed of its own, which a finding names: --seed N --trials 1 runs it again.
"""

import argparse
import os
import pathlib
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

# The system's loader could not open the program's libraries, so the program was never there to say so.
LOADER = b"error while loading shared libraries"
NO_WORDS = re.compile(rb"panicked|Os \{|RUST_BACKTRACE|unwrap\(|stack overflow|memory allocation of|\.rs:\d+:\d+")
SECONDS = 60


class Finding(Exception):
    """Describes an error, in words."""


class NotStarted(Exception):
    """Tells that limits kept the system from loading the program."""


def text(chance, lines):
    prefix = b"p" * chance.choice([0, 0, 8, 1500])
    words = [prefix + str(chance.randrange(lines)).encode() for _ in range(lines)]
    ends = chance.choice([b"\n", b"\r\n"])
    return chance.choice([b"", b"\xef\xbb\xbf"]) + b"".join(word + b" x" + ends for word in words)


def graph(chance, lines):
    return b"".join(b"%d\t%d\n" % (chance.randrange(lines), chance.randrange(lines)) for _ in range(lines))


def rows(chance, lines):
    quote = chance.choice([b"", b'"'])
    row = lambda i: b"%s%d%s,%d,%d\n" % (quote, i % 2, quote, chance.randrange(99), chance.randrange(99))
    return b"".join(row(i) for i in range(lines))


def records(chance, lines):
    return b"".join(b"%010d" % chance.randrange(10**6) + b"v" * 88 + b"\r\n" for _ in range(lines))


# Job, what it reads, options that always stand and options that may.
JOBS = [
    ("wordcount", text, [], ["--no-combiner"]),
    ("sort", text, [], ["--total-order=false"]),
    ("grep", text, ["--pattern=[0-9]+"], []),
    ("terasort", records, [], []),
    ("pagerank", graph, ["--iterations=3"], ["--damping=0.5", "--ids=number"]),
    ("components", graph, [], ["--ids=number"]),
    ("logreg", rows, ["--iterations=3"], ["--standardize", "--positive=0", "--learning-rate=0.2"]),
    ("kmeans", rows, ["--iterations=3", "--k=2"], ["--columns=2", "--standardize"]),
]
SETTINGS = ["--grouping=hash", "--compress=zstd", "--compress=lz4", "--reducers=3", "--sort-buffer=64k", "--merge-factor=2"]


class Trial:
    """A folder, a job and its input, drawn from a seed."""

    def __init__(self, binary, seed, scratch):
        self.binary, self.chance, self.dir = binary, random.Random(seed), scratch
        self.job, self.make, self.words, self.optional = self.chance.choice(JOBS)
        self.words = self.words + [word for word in self.optional + SETTINGS if self.chance.random() < 0.3]
        name = bytes(self.chance.choice([b"a b", b"caf\xe9", b"in\nput", b"-in", b"'q\"", b"n" * 240, b"f"]))
        self.input = os.path.join(os.fsencode(scratch), name)
        self.lines = self.chance.choice([1, 30, 300, 3000])
        self.write(self.input)
        self.splits = max(1, os.path.getsize(self.input) // self.chance.choice([2, 5, 9]))
        self.side = os.path.join(os.fsencode(scratch), b"side")
        if self.job == "kmeans" and self.chance.random() < 0.7:
            self.write(self.side, 2)
            self.words.append(b"--centroids=" + self.side)
            self.words = [word for word in self.words if word != "--columns=2"]
        self.work = scratch / "work"
        self.work.mkdir()

    def write(self, path, lines=None):
        with open(path, "wb") as file:
            file.write(self.make(self.chance, lines or self.lines))

    def command(self, output, mode, *more):
        command = [self.binary, "run", self.job, "--quiet", "--mode", mode, b"--input=" + self.input]
        command += ["--output", self.dir / output, "--work-dir", self.work, "--workers", "2"]
        return command + ["--split-size", str(self.splits), *self.words, *more]

    def run(self, command, limit=None):
        try:
            ended = subprocess.run(command, capture_output=True, timeout=SECONDS, preexec_fn=limit)
        except subprocess.TimeoutExpired as error:
            raise Finding(f"does not end in {SECONDS} s: {error.cmd}") from error
        if ended.returncode == 127 and LOADER in ended.stderr:
            raise NotStarted
        if ended.returncode not in (0, 1, 2):
            raise Finding(f"status {ended.returncode}: {ended.stderr!r}")
        if NO_WORDS.search(ended.stderr) or (ended.returncode and not ended.stderr.strip()):
            raise Finding(f"no words: {ended.stderr!r}")
        return ended

    def answer(self, output):
        parts = sorted((self.dir / output).glob("part-*"))
        return [(path.name, path.read_bytes()) for path in parts]

    def left(self):
        names = [path.name for folder in (self.dir, self.work) for path in folder.iterdir()]
        return [name for name in names if "twinmill-" in name]

    def nothing_left(self):
        if self.left():
            raise Finding(f"left: {self.left()}")


def limits(trial):
    chance = trial.chance
    mode = chance.choice(["disk", "memory"])
    without = trial.run(trial.command("without", mode))
    kinds = {
        resource.RLIMIT_NOFILE: lambda: chance.randrange(3, 40),
        resource.RLIMIT_AS: lambda: chance.randrange(100, 2000) << 20,
        resource.RLIMIT_FSIZE: lambda: chance.randrange(0, 200_000),
        resource.RLIMIT_STACK: lambda: chance.randrange(64, 8192) << 10,
        resource.RLIMIT_DATA: lambda: chance.randrange(10, 500) << 20,
    }
    drawn = [(kind, kinds[kind]()) for kind in chance.sample(sorted(kinds), chance.randrange(1, 3))]

    def limit():
        for kind, value in drawn:
            resource.setrlimit(kind, (value, value))

    try:
        under = trial.run(trial.command("under", mode), limit)
    except NotStarted:
        return
    trial.nothing_left()
    if under.returncode == 0 and without.returncode != 0:
        raise Finding(f"works with limits {drawn} alone; without: {without.stderr!r}")
    if under.returncode == 0 and trial.answer("under") != trial.answer("without"):
        raise Finding(f"another answer with limits {drawn}")
    if under.returncode != 0 and (trial.dir / "under").exists():
        raise Finding(f"an output and status {under.returncode} with limits {drawn}")


def resume(trial):
    chance = trial.chance
    begin = time.monotonic()
    if trial.run(trial.command("undisturbed", "disk")).returncode:
        return
    whole = time.monotonic() - begin
    process = subprocess.Popen(trial.command("output", "disk"), stderr=subprocess.DEVNULL)
    try:
        process.wait(timeout=chance.uniform(0, 1.1 * whole))
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
    changed = change(trial)
    published = (trial.dir / "output" / "_SUCCESS").exists()
    resumed = trial.run(trial.command("output", "disk", "--resume"))
    if published:
        # The answer was there, whatever became of its question.
        return
    fresh = trial.run(trial.command("fresh", "disk"))
    if resumed.returncode == 0 and fresh.returncode != 0:
        raise Finding(f"{changed}: resumed, though a fresh run says {fresh.stderr!r}")
    if resumed.returncode != 0 and fresh.returncode == 0:
        raise Finding(f"{changed}: not resumed, though a fresh run works: {resumed.stderr!r}")
    if resumed.returncode == 0 and trial.answer("output") != trial.answer("fresh"):
        raise Finding(f"{changed}: an answer that is not that of a fresh run")


def change(trial):
    """Changes one thing; says which."""
    chance = trial.chance
    what = chance.choice(["nothing", "input", "input in place", "time", "side", "option", "setting", "splits", "run", "journal"])
    status = os.stat(trial.input)
    if what == "input":
        trial.write(trial.input)
    elif what == "input in place":
        flip(trial.input, chance)
        os.utime(trial.input, ns=(status.st_atime_ns, status.st_mtime_ns))
    elif what == "time":
        os.utime(trial.input)
    elif what == "side" and os.path.exists(trial.side):
        trial.write(trial.side, 2)
    elif what in ("option", "setting"):
        word = chance.choice((trial.optional if what == "option" else SETTINGS) or SETTINGS)
        trial.words = [kept for kept in trial.words if kept != word] + ([word] if word not in trial.words else [])
        what = f"{what} {word}"
    elif what == "splits":
        trial.splits += 1
    elif what in ("run", "journal"):
        names = "twinmill-*/journal" if what == "journal" else "twinmill-*/*/*"
        files = [path for path in trial.work.glob(names) if path.is_file() and path.stat().st_size]
        if files:
            path = chance.choice(files)
            chance.choice([lambda: flip(path, chance), lambda: os.truncate(path, path.stat().st_size // 2), path.unlink])()
    return what


def flip(path, chance):
    data = bytearray(pathlib.Path(os.fsdecode(path)).read_bytes())
    at = chance.randrange(len(data))
    data[at] = ord("1") if data[at] != ord("1") else ord("2")
    pathlib.Path(os.fsdecode(path)).write_bytes(data)


KINDS = {"limits": limits, "resume": resume}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--trials", type=int, help="end after so many")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the first trial; each next one has the next")
    options = parser.parse_args()
    end, number = time.monotonic() + 60 * options.minutes, 0
    while time.monotonic() < end and number != options.trials:
        seed = options.seed + number
        scratch = pathlib.Path(tempfile.mkdtemp(prefix="twinmill-random-"))
        try:
            KINDS[options.kind](Trial(options.binary.resolve(), seed, scratch))
        except Finding as finding:
            print(f"{options.kind}: a finding with --seed {seed} --trials 1: {finding}", file=sys.stderr)
            return 1
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        number += 1
    print(f"{options.kind}: {number} trials in {options.minutes:g} minutes, no finding")
    return 0


if __name__ == "__main__":
    sys.exit(main())
