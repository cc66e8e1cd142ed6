//! How time and memory grow with what the work is made of: one thing at a time is multiplied by 4 and by 16.
//!
//! Prints, for each, the seconds of the three runs (medians), the exponents of time and of memory, and how long the largest run
//! took to end after SIGTERM at three moments. An exponent of 1 is linear growth. Fails where time grows with more than 1.1,
//! or 1.2 where the job sorts, or where an end takes more than a second.

use std::fmt::Display;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;
use twinmill::generate::{Kind, Shape};

#[expect(dead_code, reason = "each run is a process, whose settings are words")]
mod support;

const FACTORS: [u64; 3] = [1, 4, 16];
const ROUNDS: usize = 3;
const LINEAR: f64 = 1.1;
/// Of jobs that sort.
const SORTING: f64 = 1.2;
/// Shares of a run's time after which it is told to end.
const MOMENTS: [f64; 3] = [0.21, 0.55, 0.89];
const LONGEST_END: Duration = Duration::from_secs(1);

/// One thing that is multiplied, and the command for each factor.
struct Growth {
    what: &'static str,
    limit: f64,
    commands: [Vec<String>; 3],
}

impl Growth {
    fn of(what: &'static str, limit: f64, command: impl FnMut(u64) -> Vec<String>) -> Self {
        Growth { what, limit, commands: FACTORS.map(command) }
    }
}

/// The words of a command: `words!("sort", "--input", path)`.
macro_rules! words {
    ($($word:expr),* $(,)?) => { vec![$($word.to_string()),*] };
}

/// Inputs, made as they are asked for.
struct Inputs(TempDir);

impl Inputs {
    fn text(&self, mebibytes: u64) -> String {
        shown(&support::input(self.0.path(), Kind::Text, &Shape::bytes(mebibytes << 20)))
    }

    fn graph(&self, edges: u64) -> String {
        shown(&support::input(self.0.path(), Kind::Graph, &Shape::records(edges)))
    }

    /// A file of so many lines.
    fn lines<L: Display>(&self, name: &str, count: u64, line: impl Fn(u64) -> L) -> String {
        let path = self.0.path().join(format!("{name}-{count}"));
        let mut file = BufWriter::new(File::create(&path).expect("the directory is there"));
        for number in 0..count {
            writeln!(file, "{}", line(number)).expect("the disk takes the input");
        }
        file.flush().expect("the disk takes the input");
        shown(&path)
    }

    /// A directory of so many files of a line.
    fn files(&self, count: u64) -> String {
        let dir = self.0.path().join(format!("files-{count}"));
        fs::create_dir(&dir).expect("the directory is there");
        for number in 0..count {
            fs::write(dir.join(number.to_string()), "a line of some words\n").expect("the disk takes the input");
        }
        shown(&dir)
    }
}

fn shown(path: &Path) -> String {
    path.to_str().expect("the target directory has a name in UTF-8").to_owned()
}

/// A number whose decimal digits are those of `number` in an order that looks like chance.
fn mixed(number: u64) -> u64 {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20
}

fn growths(inputs: &Inputs) -> Vec<Growth> {
    let letters = |count: u64| "x".repeat(count as usize);
    let text = inputs.text(32);
    vec![
        Growth::of("bytes, counted", LINEAR, |n| words!("wordcount", "--input", inputs.text(8 * n))),
        Growth::of("bytes, sorted", SORTING, |n| words!("sort", "--input", inputs.text(8 * n))),
        Growth::of("distinct keys", LINEAR, |n| {
            words!("distinct", "--input", inputs.lines("distinct", 200_000 * n, mixed))
        }),
        Growth::of("equal keys", SORTING, |n| {
            words!("sort", "--input", inputs.lines("equal", 200_000 * n, |_| "equal"))
        }),
        Growth::of("length of keys", SORTING, |n| {
            let line = |number| format!("{}{}", mixed(number), letters(60 * n));
            words!("sort", "--input", inputs.lines(&format!("length-{n}"), 50_000, line))
        }),
        Growth::of("common prefix", SORTING, |n| {
            let line = |number| format!("{}{}", letters(60 * n), mixed(number));
            words!("sort", "--input", inputs.lines(&format!("prefix-{n}"), 50_000, line))
        }),
        Growth::of("files", LINEAR, |n| words!("wordcount", "--input", inputs.files(500 * n))),
        Growth::of("map tasks", LINEAR, |n| {
            words!("wordcount", "--input", inputs.text(16), "--split-size", (256 << 10) / n)
        }),
        Growth::of("reducers", LINEAR, |n| words!("wordcount", "--input", inputs.text(8), "--reducers", 32 * n)),
        Growth::of("workers", LINEAR, |n| words!("wordcount", "--input", text, "--workers", 2 * n)),
        Growth::of("iterations", LINEAR, |n| {
            words!("pagerank", "--input", inputs.graph(200_000), "--iterations", 4 * n)
        }),
        Growth::of("smaller sort buffer", SORTING, |n| words!("sort", "--input", text, "--sort-buffer", (1 << 20) / n)),
        Growth::of("smaller sort buffer, combined", SORTING, |n| {
            words!("wordcount", "--input", text, "--sort-buffer", (1 << 20) / n)
        }),
        Growth::of("smaller merge factor", SORTING, |n| {
            words!("wordcount", "--input", text, "--sort-buffer", "64k", "--merge-factor", 32 / n)
        }),
        Growth::of("smaller budget, sorted", SORTING, |n| {
            words!("sort", "--mode", "memory", "--input", text, "--memory", (64 << 20) / n)
        }),
        Growth::of("smaller budget, iterated", LINEAR, |n| {
            words!("pagerank", "--mode", "memory", "--input", inputs.graph(500_000), "--memory", (16 << 20) / n)
        }),
    ]
}

/// The seconds and the peak memory of a run.
struct Measured {
    seconds: f64,
    bytes: f64,
}

/// A run, on disk where its words do not say otherwise.
fn run(words: &[String], dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_twinmill"));
    command.arg("run").args(words).args(["--quiet", "--overwrite"]);
    if !words.iter().any(|word| word == "--mode") {
        command.args(["--mode", "disk"]);
    }
    command.arg("--work-dir").arg(dir).arg("--output").arg(dir.join("output")).arg("--report").arg(report(dir));
    command.stdout(Stdio::null());
    command
}

fn report(dir: &Path) -> PathBuf {
    dir.join("report.json")
}

fn measured(words: &[String], dir: &Path) -> Measured {
    let status = run(words, dir).status().expect("the build is there");
    assert!(status.success(), "{words:?}: {status}");
    let report = fs::read(report(dir)).expect("a run writes its report");
    let report: Value = serde_json::from_slice(&report).expect("a report is JSON");
    let figure = |name: &str| report[name].as_f64().expect("a report has these figures");
    Measured { seconds: figure("wall_seconds"), bytes: figure("peak_rss_bytes") }
}

/// How long a run takes to end when it is told to after `seconds`; nothing where it has ended by then.
fn ended_after(seconds: f64, words: &[String], dir: &Path) -> Option<Duration> {
    let mut run = run(words, dir).stderr(Stdio::null()).spawn().expect("the build is there");
    sleep(Duration::from_secs_f64(seconds));
    if run.try_wait().expect("it was started").is_some() {
        return None;
    }
    let told = Instant::now();
    kill(Pid::from_raw(run.id() as i32), Signal::SIGTERM).expect("it was not waited for");
    run.wait().expect("it was started");
    Some(told.elapsed())
}

/// The slope of the logarithms of the figures over those of the factors, by least squares.
fn exponent(figures: [f64; 3]) -> f64 {
    // The factors are evenly spaced on that scale, so that the middle one has no part in it.
    (figures[2] / figures[0]).ln() / (FACTORS[2] as f64 / FACTORS[0] as f64).ln()
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

fn main() -> ExitCode {
    let (inputs, dir) = (Inputs(support::scratch()), support::scratch());
    let chosen: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let is_chosen = |what: &str| chosen.is_empty() || chosen.iter().any(|word| what.contains(&word[..]));
    println!("{:32}{:>9}{:>9}{:>9}{:>7}{:>8}{:>8}", "", "x 1", "x 4", "x 16", "time", "memory", "ends");
    let mut failed = false;
    for Growth { what, limit, commands } in growths(&inputs) {
        if !is_chosen(what) {
            continue;
        }
        let rounds: Vec<[Measured; 3]> =
            (0..ROUNDS).map(|_| commands.each_ref().map(|words| measured(words, dir.path()))).collect();
        let medians = |figure: fn(&Measured) -> f64| {
            [0, 1, 2].map(|at| median(rounds.iter().map(|round| figure(&round[at])).collect()))
        };
        let (seconds, bytes) = (medians(|run| run.seconds), medians(|run| run.bytes));
        let ends = MOMENTS.iter().filter_map(|share| ended_after(share * seconds[2], &commands[2], dir.path())).max();
        let (time, memory) = (exponent(seconds), exponent(bytes));
        let wrong = time > limit || ends.is_some_and(|end| end > LONGEST_END);
        failed |= wrong;
        let [one, four, sixteen] = seconds;
        let ends = ends.map_or_else(|| "-".to_owned(), |end| format!("{:.2} s", end.as_secs_f64()));
        let mark = if wrong { "  TOO MUCH" } else { "" };
        println!("{what:32}{one:>7.2} s{four:>7.2} s{sixteen:>7.2} s{time:>7.2}{memory:>8.2}{ends:>8}{mark}");
    }
    ExitCode::from(u8::from(failed))
}
