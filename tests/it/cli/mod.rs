//! The command line's contract, on the built binary.
//!
//! - `errors`: refusals, with their messages and exit status, that leave nothing behind.
//! - `run`: one job, its output, its report.
//! - `jobs`: every job, against its reference and against oracles.
//! - `iterative`: jobs that are loops, and the factors that only loops show.
//! - `friends`: jobs on graphs that are no loops of ranks.
//! - `check`: the laws of a job's code.
//! - `compare`: the table and its JSON.
//! - `claims`: claims and lessons.
//! - `accounts`: bytes by purpose and time by use, which add up.
//! - `alternatives`: other programs in the same comparison.
//! - `apart`: tasks in processes of their own.
//! - `export`: a comparison as a page, Markdown, CSV and a trace, and all of them from saved reports.
//! - `tables`: tables as people have them.
//! - `texts`: jobs on text.
//! - `models`: models of tables, against oracles of their own.
//! - `predict`: a cluster that is not there, from one run.
//! - `places`: outputs that would replace an input, and other files that are never replaced.
//! - `relations`: select, aggregate, join and secondary sort.
//! - `tools`: `list`, `gen`, `inspect`, help.
//! - `dashboard`: an access log as tables and a page.
//! - `crash`: leftovers of a killed process, and the runs that find them.
//! - `signals`: Ctrl-C and SIGTERM.
//! - `stream`: commands in any language.
//! - `hadoop_fs`: the files that `hadoop fs` lists, copies and removes.

mod accounts;
mod alternatives;
mod apart;
mod check;
mod claims;
mod compare;
mod crash;
mod dashboard;
mod errors;
mod export;
mod friends;
mod grade;
mod hadoop_fs;
mod iterative;
mod jobs;
mod models;
mod places;
mod predict;
mod relations;
mod run;
mod signals;
mod stream;
mod tables;
mod texts;
mod tools;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::harness::{Scratch, read_output};

/// Both modes, and the reference where it applies.
const MODES: [&str; 3] = ["disk", "memory", "reference"];

/// The binary in a scratch directory, which is where it runs: paths on its command lines are relative to that.
struct Cli {
    scratch: Scratch,
}

/// A process that has ended.
struct Ended {
    command: String,
    status: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Cli {
    fn new() -> Self {
        Cli { scratch: Scratch::new() }
    }

    /// With one input file.
    fn with_input(bytes: impl AsRef<[u8]>) -> Self {
        Cli { scratch: Scratch::with_input(bytes) }
    }

    /// A command of words separated by spaces, without anything to read, whose intermediates go to the scratch directory.
    fn command(&self, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_twinmill"));
        command.args(words.split_whitespace()).current_dir(self.scratch.path("")).stdin(Stdio::null());
        command.env("TMPDIR", self.scratch.path("work")).env("XDG_CACHE_HOME", self.scratch.path("cache"));
        command.env("LC_ALL", "C.UTF-8").env("COLUMNS", "1000");
        command
    }

    /// Generates an input of a size for a job of `list --json`, less where its work is the square of that, as an argument of `--input`; `None` for a job that reads none.
    fn generated_input_of(&self, job: &Value, size: &str) -> Option<String> {
        let (name, kind) = (job["name"].as_str().unwrap(), job["default_input"]["kind"].as_str()?);
        // Not replaced by that of another job: some kinds are a file, others a directory.
        let data = format!("data-{name}");
        let squares = ["common-friends", "matrix-multiply", "people-you-may-know"].contains(&name);
        let size = if squares { "150k" } else { size };
        if !self.scratch.path(&data).exists() {
            self.succeed(&format!("gen {kind} --size {size} --seed 3 --out {data}"));
        }
        Some(match name {
            "terasort-validate" => {
                self.succeed(&format!(
                    "run terasort --input {data} --output sorted-{name} --overwrite --reducers 3 --quiet"
                ));
                format!("sorted-{name}")
            }
            "join" => {
                self.succeed("gen customers --records 500 --seed 3 --out customers --overwrite");
                format!("{data} --input customers")
            }
            _ => data,
        })
    }

    fn run(&self, words: &str) -> Ended {
        Ended::of(words, self.command(words).output().unwrap())
    }

    /// Runs a command that succeeds.
    #[track_caller]
    fn succeed(&self, words: &str) -> Ended {
        let ended = self.run(words);
        assert_eq!(ended.status, Some(0), "twinmill {words}: {}", ended.stderr);
        ended
    }

    /// Runs a command that fails with this status, leaves nothing, and says nothing on stdout.
    #[track_caller]
    fn fail(&self, status: i32, words: &str) -> Ended {
        let before = self.scratch.leftovers();
        let ended = self.run(words);
        assert_eq!(ended.status, Some(status), "twinmill {words}: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "twinmill {words}");
        assert_eq!(self.scratch.leftovers(), before, "twinmill {words}");
        ended
    }

    /// A committed output's parts, one after another.
    fn output(&self, name: &str) -> Vec<u8> {
        crate::harness::concatenated(&read_output(&self.scratch.path(name)))
    }

    /// The names of a committed output's parts. Those of a map-only job count as one: it has one for each split.
    fn part_names(&self, name: &str) -> Vec<String> {
        let names = twinmill::part_files(&self.scratch.path(name)).unwrap().into_iter();
        let names = names.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned());
        let mut names: Vec<_> =
            names.map(|name| if name.starts_with("part-m-") { "part-m".to_owned() } else { name }).collect();
        names.dedup();
        names
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&fs::read(self.scratch.path(name)).unwrap()).unwrap()
    }

    /// Nothing but these names, inputs, and an empty work directory.
    #[track_caller]
    fn assert_left(&self, names: &[&str]) {
        let mut tops: Vec<PathBuf> =
            self.scratch.leftovers().iter().map(|path| path.components().next().unwrap().as_os_str().into()).collect();
        tops.dedup();
        assert_eq!(tops, names.iter().map(PathBuf::from).collect::<Vec<_>>());
    }
}

impl Ended {
    fn of(words: &str, output: Output) -> Self {
        Ended {
            command: format!("twinmill {words}"),
            status: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The error message says all of this.
    #[track_caller]
    fn says(&self, what: &[&str]) {
        for what in what {
            assert!(self.stderr.contains(what), "{}: no {what:?} in: {}", self.command, self.stderr);
        }
    }
}
