//! What is left of a process that was killed, and what others do with it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use walkdir::{DirEntry, WalkDir};

use super::Cli;
use super::signals::endless_input;

/// How long something may take that takes a fraction of a second.
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts a command that does not end by itself, and waits until it has written runs of its own.
fn start(cli: &Cli, words: &str) -> Child {
    let before = run_files(&cli.scratch.path("work"));
    let mut child = cli.command(words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let deadline = Instant::now() + PATIENCE;
    while run_files(&cli.scratch.path("work")).iter().all(|path| before.contains(path)) {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it was killed");
        assert!(Instant::now() < deadline, "no run");
        thread::sleep(Duration::from_millis(2));
    }
    child
}

/// The run files below a directory, some of which may be going.
fn run_files(dir: &Path) -> Vec<PathBuf> {
    let paths = WalkDir::new(dir).into_iter().flatten().map(DirEntry::into_path);
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "run")).collect()
}

/// Ends it without giving it a chance to clean up.
fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

const ENDLESS: &str = "run terasort --mode disk --sort-buffer 1MiB --reducers 1 --input input --quiet --output output";

#[test]
fn what_a_killed_run_left_is_removed_by_the_next_one_and_what_a_live_one_has_is_not() {
    let cli = Cli::new();
    endless_input(&cli);
    fs::create_dir(cli.scratch.path("small")).unwrap();
    fs::write(cli.scratch.path("small/text"), "a b a").unwrap();
    // Work directories, staging directories, and their owner files.
    let of_runs = || {
        let tops = cli.scratch.leftovers().into_iter().filter(|path| path.to_string_lossy().contains("twinmill-"));
        tops.filter(|path| path.components().count() <= 1 + usize::from(path.starts_with("work"))).collect::<Vec<_>>()
    };
    kill(start(&cli, ENDLESS));
    let dead = of_runs();
    assert_eq!(dead.len(), 4, "{dead:?}");
    let live = start(&cli, &ENDLESS.replace("output output", "output elsewhere"));
    cli.succeed("run wordcount --input small --output output --quiet");
    fs::remove_dir_all(cli.scratch.path("output")).unwrap();
    let left = of_runs();
    assert_eq!(left.len(), 4, "{left:?}");
    assert!(left.iter().all(|path| !dead.contains(path)), "{left:?}");
    kill(live);
    cli.succeed("run wordcount --input small --output elsewhere --quiet");
    fs::remove_dir_all(cli.scratch.path("elsewhere")).unwrap();
    cli.assert_left(&["small"]);
}

#[test]
fn the_result_of_a_killed_run_without_an_output_goes_with_the_next_run() {
    let cli = Cli::new();
    endless_input(&cli);
    kill(start(&cli, ENDLESS.strip_suffix(" --output output").unwrap()));
    fs::remove_file(cli.scratch.path("input/zeros")).unwrap();
    cli.scratch.write("text", "a b a");
    cli.succeed("run wordcount --input input --output output --quiet");
    cli.assert_left(&["output"]);
}
