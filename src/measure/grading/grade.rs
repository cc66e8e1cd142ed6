//! The tests of a submission, and its points.
//!
//! | test | passed if |
//! |---|---|
//! | runs | the job ends without an error, and prints something |
//! | answer | its output has the lines of the right answer |
//! | partitions | the answer is right; with one reducer, and with seven and seven splits, the output has the same lines |
//! | combiner | the answer is right; with its combiner the output has the same lines |
//! | time | the answer is right; the first run was over in time |
//!
//! Numbers of an answer that differ by [rounding](crate::measure::grading::answers) alone are the same.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::cancel::CancelToken;
use crate::error::{Error, Result};
use crate::measure::grading::answers::{Verdict, same};
use crate::measure::grading::assignment::{Assignment, LineOrder};
use crate::measure::grading::sandbox::Sandbox;
use crate::measure::grading::submission::Submission;
use crate::measure::grading::trial::{Helpers, Outcome, Trial, lines_in};
use crate::runtime::output_dir::part_files;
use crate::streaming::job::{MOST_PRINTED, STARTER};
use crate::streaming::words::quoted;

/// The work directory of runs, in the directory of their submission.
const WORK: &str = "work";
/// How streaming begins the line that says how to go on.
const REPEAT: &str = "to repeat this task alone";

/// A graded submission.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Grade {
    pub submission: String,
    pub score: f64,
    pub max_score: f64,
    /// Of its first run.
    pub seconds: f64,
    pub tests: Vec<Test>,
}

/// One of its tests.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Test {
    pub name: &'static str,
    pub passed: bool,
    pub score: f64,
    pub max_score: f64,
    /// Why it was not passed; empty where it was.
    pub output: String,
}

/// A way of running a submission.
#[derive(Clone, Copy, Debug)]
struct Way {
    name: &'static str,
    reducers: u32,
    splits: u64,
    combines: bool,
}

/// Grades the submissions of an assignment.
pub struct Grader<'a> {
    pub assignment: &'a Assignment,
    pub sandbox: &'a Sandbox,
    /// This executable.
    pub program: &'a Path,
    /// A directory for the copies and the runs of submissions, one after another.
    pub dir: &'a Path,
    pub cancel: &'a CancelToken,
}

impl Grader<'_> {
    /// The lines of the right answer.
    ///
    /// # Errors
    /// A solution that fails, and what cannot be read.
    pub fn answer(&self) -> Result<Vec<Vec<u8>>> {
        if let Some(solution) = &self.assignment.solution {
            let (outcome, _) = self.first_run(&Submission::of(solution), "solution")?;
            // No submission may find it.
            self.remove("solution")?;
            let failed = |why: String| Error::user(format!("the solution {} fails: {why}", solution.display()));
            return outcome.lines.map_err(failed);
        }
        let expected = self.assignment.expected.as_deref().unwrap_or(Path::new(""));
        if !expected.is_dir() {
            return lines_in(expected);
        }
        let mut lines = Vec::new();
        for part in part_files(expected)? {
            lines.extend(lines_in(&part)?);
        }
        Ok(lines)
    }

    /// Grades a submission.
    ///
    /// # Errors
    /// [`Error::Cancelled`], and what keeps any submission from being run.
    pub fn grade(&self, submission: &Submission, number: usize, answer: &[Vec<u8>]) -> Result<Grade> {
        let points = &self.assignment.points;
        let place = format!("submission-{number}");
        let (first, bench) = self.first_run(submission, &place)?;
        let lines = match first.lines {
            Ok(lines) if lines.is_empty() && !answer.is_empty() => Err("it printed nothing".to_owned()),
            lines => lines,
        };
        let mut tests = Tests(Vec::new());
        tests.add("runs", points.runs, lines.as_ref().map(drop).map_err(Clone::clone));
        let verdict = match &lines {
            Ok(lines) => same(answer, lines, self.assignment.order),
            Err(_) => Err("it does not run".into()),
        };
        // Of a wrong answer it means nothing that it is always the same, or that it comes soon.
        let right = verdict.is_ok();
        tests.add("answer", points.answer, verdict);
        let wrong = || Err("its answer is not right".to_owned());
        let (partitions, combiner) = match (&lines, &bench) {
            (Ok(lines), Some(bench)) if right => (self.partitions(bench, lines)?, self.combiner(bench, lines)?),
            _ => (wrong(), wrong()),
        };
        tests.add("partitions", points.partitions, partitions);
        if self.assignment.combiner.is_some() {
            tests.add("combiner", points.combiner, combiner);
        }
        tests.add("time", points.time, if right { self.in_time(first.seconds) } else { wrong() });
        self.remove(&place)?;
        let sum = |of: fn(&Test) -> f64| tests.0.iter().map(of).sum();
        Ok(Grade {
            submission: submission.name.clone(),
            score: sum(|test| test.score),
            max_score: sum(|test| test.max_score),
            seconds: first.seconds,
            tests: tests.0,
        })
    }

    /// Copies a submission and makes its first run; there is no bench where it could not be copied.
    fn first_run(&self, submission: &Submission, place: &str) -> Result<(Outcome, Option<Bench>)> {
        let dir = self.dir.join(place);
        if let Err(why) = submission.copy(&dir, &self.assignment.files) {
            return Ok((Outcome { lines: Err(why), seconds: 0.0 }, None));
        }
        let runs = self.scratch(place)?;
        let plan = self.sandbox.write_plan(&runs, &dir, &self.assignment.limits)?;
        let bench = Bench { dir, plan, runs, origin: submission.path().to_owned() };
        let reducers = self.assignment.reducers;
        let outcome = self.run(&bench, Way { name: "first", reducers, splits: 2, combines: false })?;
        Ok((outcome, Some(bench)))
    }

    /// A directory for the scripts and the runs of a submission.
    fn scratch(&self, place: &str) -> Result<PathBuf> {
        let dir = self.dir.join(format!("{place}-runs"));
        // The programs lie below, whatever the mask of this process says of new directories.
        for dir in [&dir, &dir.join(WORK)] {
            fs::create_dir(dir).map_err(Error::at("create", dir))?;
            self.let_in(dir)?;
        }
        Ok(dir)
    }

    /// Lets others enter a directory, if the programs run as another user and have no view of their own.
    fn let_in(&self, dir: &Path) -> Result<()> {
        if self.sandbox.is_closed() || self.sandbox.user().is_none() {
            return Ok(());
        }
        fs::set_permissions(dir, fs::Permissions::from_mode(0o711)).map_err(Error::at("open", dir))
    }

    /// Removes what lies at a place, and what its runs left.
    fn remove(&self, place: &str) -> Result<()> {
        for dir in [self.dir.join(place), self.dir.join(format!("{place}-runs"))] {
            if dir.exists() {
                fs::remove_dir_all(&dir).map_err(Error::at("remove", &dir))?;
            }
        }
        Ok(())
    }

    fn run(&self, bench: &Bench, way: Way) -> Result<Outcome> {
        let limits = &self.assignment.limits;
        let mut words = self.words(way);
        let mut add = |option: &str, value: OsString| words.extend([option.into(), value]);
        add("-D", format!("{MOST_PRINTED}={}", limits.output).into());
        add("-D", format!("{STARTER}={}", self.sandbox.starter(&bench.plan)).into());
        add("--work-dir", bench.runs.join(WORK).into_os_string());
        words.push("--quiet".into());
        let trial = Trial {
            program: self.program,
            words,
            submission: &bench.dir,
            dir: bench.runs.join(way.name),
            limits,
            user: self.sandbox.user(),
            helpers: if self.sandbox.is_closed() { Helpers::TwoEach } else { Helpers::None },
        };
        let mut outcome = trial.run(self.cancel)?;
        if let Err(why) = &mut outcome.lines {
            *why = self.for_reader(why, bench, way);
        }
        Ok(outcome)
    }

    /// What `twinmill stream` is told of a way of running, where a submission lies.
    fn words(&self, way: Way) -> Vec<OsString> {
        let Assignment { mapper, reducer, combiner, input, options, .. } = self.assignment;
        let bytes: u64 = input.iter().map(|path| size_of(path)).sum();
        let mut words: Vec<OsString> = Vec::new();
        let mut add = |option: &str, value: OsString| words.extend([option.into(), value]);
        add("-D", "mapreduce.job.maps=1".into());
        add("-mapper", mapper.into());
        if let Some(reducer) = reducer {
            add("-reducer", reducer.into());
        }
        if let Some(combiner) = combiner.as_ref().filter(|_| way.combines) {
            add("-combiner", combiner.into());
        }
        add("-numReduceTasks", way.reducers.to_string().into());
        input.iter().for_each(|path| add("-input", path.into()));
        words.extend(options.iter().map(OsString::from));
        let split_bytes = bytes.div_ceil(way.splits).max(1);
        words.extend(["--max-attempts=1".into(), format!("--split-size={split_bytes}").into()]);
        words
    }

    /// The reason of a failure, with the line to repeat it outside of grading. The one that streaming gives names directories
    /// that are gone by then.
    fn for_reader(&self, why: &str, bench: &Bench, way: Way) -> String {
        let kept = why.lines().filter(|line| !line.trim_start().starts_with(REPEAT));
        let text = kept.collect::<Vec<_>>().join("\n");
        let text = without_directories(&text, &bench.runs.join(WORK), 2);
        let text = without_directories(&text, &bench.dir, 0);
        let mut words = self.words(way);
        for file in &self.assignment.files {
            words.extend(["-file".into(), file.into()]);
        }
        words.extend(["-output".into(), "/tmp/twinmill-repeat".into()]);
        let words: Vec<String> = words.iter().map(|word| quoted(word.as_bytes())).collect();
        let origin = quoted(bench.origin.as_os_str().as_bytes());
        format!("{text}\n  to repeat it without limits: cd {origin} && twinmill stream {}", words.join(" "))
    }

    fn partitions(&self, bench: &Bench, lines: &[Vec<u8>]) -> Result<Verdict> {
        for (name, reducers, splits) in [("one", 1, 1), ("seven", 7, 7)] {
            let outcome = self.run(bench, Way { name, reducers, splits, combines: false })?;
            let what = format!("with {reducers} reducers and the input in {splits} splits");
            let verdict = match outcome.lines {
                Err(why) => Err(format!("{what} it fails: {why}")),
                Ok(other) => same(lines, &other, LineOrder::Any).map_err(|why| format!("{what}: {why}")),
            };
            if verdict.is_err() {
                return Ok(verdict);
            }
        }
        Ok(Ok(()))
    }

    fn combiner(&self, bench: &Bench, lines: &[Vec<u8>]) -> Result<Verdict> {
        if self.assignment.combiner.is_none() {
            return Ok(Ok(()));
        }
        let way = Way { name: "combiner", reducers: self.assignment.reducers, splits: 3, combines: true };
        Ok(match self.run(bench, way)?.lines {
            Err(why) => Err(format!("with its combiner it fails: {why}")),
            Ok(other) => same(lines, &other, LineOrder::Any).map_err(|why| format!("with its combiner: {why}")),
        })
    }

    fn in_time(&self, seconds: f64) -> Verdict {
        let limit = self.assignment.limits.in_time.unwrap_or(self.assignment.limits.time).as_secs_f64();
        if seconds <= limit { Ok(()) } else { Err(format!("it took {seconds:.2} s; {limit} s are allowed")) }
    }
}

/// A submission that is being run.
struct Bench {
    /// Its copy.
    dir: PathBuf,
    /// The directory that it was copied from.
    origin: PathBuf,
    /// How its programs are shut in.
    plan: PathBuf,
    /// A directory for its runs.
    runs: PathBuf,
}

struct Tests(Vec<Test>);

impl Tests {
    fn add(&mut self, name: &'static str, max_score: f64, verdict: Verdict) {
        let passed = verdict.is_ok();
        let score = if passed { max_score } else { 0.0 };
        self.0.push(Test { name, passed, score, max_score, output: verdict.err().unwrap_or_default() });
    }
}

/// The text without a directory, and so many directories in it, before names: a student knows `mapper.py`, not where it was
/// copied to.
fn without_directories(text: &str, dir: &Path, deeper: usize) -> String {
    let dir = format!("{}/", dir.display());
    let mut pieces = text.split(&*dir);
    let mut kept = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        // What is left out is names of directories that streaming made.
        let mut ends = piece.match_indices('/').map(|(end, _)| end + 1);
        let end = if deeper == 0 { Some(0) } else { ends.nth(deeper - 1) };
        match end.filter(|end| !piece[..*end].contains(|c: char| c.is_whitespace() || "'\"".contains(c))) {
            Some(end) => kept.push_str(&piece[end..]),
            None => kept.extend([&*dir, piece]),
        }
    }
    kept
}

/// Bytes of a file, or of the files in a folder.
fn size_of(path: &Path) -> u64 {
    let files = walkdir::WalkDir::new(path).into_iter().flatten();
    files.filter_map(|entry| entry.metadata().ok()).filter(|entry| entry.is_file()).map(|file| file.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_without_the_directories_of_a_run() {
        let text = "File \"/w/s-runs/work/stream-1/attempt-2/lib/a.py\", /w/s-runs/work/x\nsee /usr/lib/b";
        let shown = without_directories(text, Path::new("/w/s-runs/work"), 2);
        assert_eq!(shown, "File \"lib/a.py\", /w/s-runs/work/x\nsee /usr/lib/b");
        assert_eq!(without_directories("/w/s/a /w/s-runs", Path::new("/w/s"), 0), "a /w/s-runs");
    }
}
