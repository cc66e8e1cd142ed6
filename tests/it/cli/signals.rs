//! Ctrl-C and SIGTERM end a command promptly, with its own exit status, and leave nothing.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use walkdir::WalkDir;

use super::Cli;

/// Time allowed for steps that take a fraction of a second.
const PATIENCE: Duration = Duration::from_secs(5);

/// A sparse file of zeros, which read as 20 million records: more than any machine sorts before it is interrupted.
pub fn endless_input(cli: &Cli) {
    File::create(cli.scratch.path("input/zeros")).unwrap().set_len(2_000_000_000).unwrap();
}

/// The signals that end a command, each with its exit status and its message. SIGHUP is not among them where this process
/// ignores it, as under `nohup`: a command that it starts ignores it too, as it must.
pub fn ending_signals() -> Vec<(Signal, i32, &'static str)> {
    let mut signals = vec![(Signal::SIGTERM, 143, "terminated"), (Signal::SIGINT, 130, "interrupted")];
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap().trim();
    if u64::from_str_radix(ignored, 16).unwrap() & 1 == 0 {
        signals.push((Signal::SIGHUP, 129, "hung up"));
    } else {
        eprintln!("skipped: SIGHUP, which the tests were started to ignore");
    }
    signals
}

/// Waits until there is a file with this extension below a directory: then the work has begun.
fn wait_for_file(dir: &Path, extension: &str, child: &mut Child) {
    let deadline = Instant::now() + 12 * PATIENCE;
    let is_there = || {
        // Files that are removed meanwhile are passed over.
        let entries = WalkDir::new(dir).into_iter().filter_map(|entry| entry.ok());
        entries.into_iter().any(|entry| entry.path().to_string_lossy().contains(extension))
    };
    while !is_there() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it was interrupted");
        assert!(Instant::now() < deadline, "no {extension} file");
        thread::sleep(Duration::from_millis(2));
    }
}

/// Runs a command until it has made a file, then signals it; returns its exit status and its messages.
fn interrupt(cli: &Cli, words: &str, until: &str, signal: Signal) -> (Option<i32>, String) {
    let mut child = cli.command(words).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for_file(&cli.scratch.path(""), until, &mut child);
    let since = Instant::now();
    kill(Pid::from_raw(child.id() as i32), signal).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(since.elapsed() < PATIENCE, "it took {:?} to stop", since.elapsed());
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_run_ends_at_each_signal_with_its_status() {
    let cli = Cli::new();
    endless_input(&cli);
    for (signal, status, verb) in ending_signals() {
        let words = "run terasort --mode disk --sort-buffer 1MiB --reducers 1 --input input --output output --report r.json --quiet";
        let (code, said) = interrupt(&cli, words, ".run", signal);
        assert_eq!((code, said), (Some(status), format!("twinmill: {verb}\n")));
        cli.assert_left(&[]);
    }
}

#[test]
fn a_run_in_memory_is_interrupted_too() {
    let cli = Cli::new();
    endless_input(&cli);
    let words = "run terasort --mode memory --memory 32MiB --reducers 2 --input input --output output --quiet";
    let (code, _) = interrupt(&cli, words, ".run", Signal::SIGINT);
    assert_eq!(code, Some(130));
    cli.assert_left(&[]);
}

#[test]
fn a_comparison_is_interrupted_with_its_runs() {
    let cli = Cli::new();
    endless_input(&cli);
    // From a cold cache, so that the input is not read before the first run.
    let words =
        "compare terasort --cold --sort-buffer 1MiB --reducers 1 --input input --report r.json --quiet --modes disk";
    let (code, _) = interrupt(&cli, words, ".run", Signal::SIGINT);
    assert_eq!(code, Some(130));
    cli.assert_left(&[]);
}

#[test]
fn generating_is_interrupted_without_half_a_file() {
    let cli = Cli::new();
    let (code, said) = interrupt(&cli, "gen points --size 1TB --out input/points", ".points.", Signal::SIGINT);
    assert_eq!((code, said.as_str()), (Some(130), "twinmill: interrupted\n"));
    assert_eq!(std::fs::read_dir(cli.scratch.input()).unwrap().count(), 0);
}
