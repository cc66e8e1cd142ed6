//! Failing jobs: the cause is told, and nothing is left behind.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
use twinmill::CancelToken;
use twinmill::config::ExistingOutput;
use twinmill::observe::report::Outcome as AttemptOutcome;
use twinmill::prelude::*;

use crate::harness::{MODES, Scratch, assert_same_parts, read_output};
use crate::sample_jobs::{JoinValues, Joined, Sum, Tokenize, add, map_lines, word_count, word_count_oracle};

/// A job that counts lines by a function that may fail.
fn lines_with<F>(map: F) -> Joined<impl Mapper<Input = Lines, Key = Vec<u8>, Value = u64>, u64>
where
    F: Fn(Record<'_>) -> Result<()> + Clone + Send + Sync,
{
    let map = move |line: Record<'_>| {
        map(line)?;
        Ok(vec![(line.to_vec(), 1)])
    };
    Job::new("lines", map_lines(map), JoinValues::new())
}

#[test]
fn a_mappers_error_says_job_task_attempt_file_and_offset() {
    for mode in MODES {
        let scratch = Scratch::new();
        scratch.write("1", "good\ngood\n");
        let path = scratch.write("2", "good\nbad\ngood\n");
        let mut config = scratch.config(mode);
        config.split_bytes = Some(10);
        let job = lines_with(|line| match line.bytes() {
            b"bad" => Err(Error::user("not a number: \"bad\"")),
            _ => Ok(()),
        });
        let error = scratch.fail(&config, |config| job.input(scratch.input().as_path()).run(config));
        let Error::Task { job, task, attempt, source } = &error else { panic!("{error:?}") };
        assert_eq!((job.as_str(), task.as_str(), *attempt), ("lines", "map-00001", 3));
        let Error::Record { path: at, offset, .. } = &**source else { panic!("{error:?}") };
        assert_eq!((at.as_path(), *offset), (path.as_path(), 5));
        let expected =
            format!("job lines: task map-00001 attempt 3: {} at offset 5: not a number: \"bad\"", path.display());
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn a_mappers_error_keeps_its_cause() {
    let scratch = Scratch::with_input("x\n");
    let job = lines_with(|line| {
        let text = std::str::from_utf8(line.bytes()).map_err(Error::user)?;
        text.parse::<u64>().map(drop).map_err(Error::user)
    });
    let error = scratch.fail(&scratch.config(Mode::Disk), |config| job.input(scratch.input().as_path()).run(config));
    let mut cause: &dyn std::error::Error = &error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    assert_eq!(cause.to_string(), "invalid digit found in string", "{error:?}");
}

/// Fails at a word.
#[derive(Clone)]
struct FailAt(&'static [u8]);

impl Reducer for FailAt {
    type Key = [u8];
    type Value = u64;
    type OutKey = [u8];
    type OutValue = u64;

    fn reduce(&mut self, word: &[u8], counts: &mut Values<u64>, out: &mut impl Emit<[u8], u64>) -> Result<()> {
        out.emit(word, counts.sum::<u64>());
        if word == self.0 { Err(Error::user("cannot bear this word")) } else { Ok(()) }
    }
}

#[test]
fn a_reducers_error_says_job_task_and_attempt() {
    for mode in MODES {
        let scratch = Scratch::with_input("a b c d");
        let job = Job::new("fail", Tokenize, FailAt(b"c")).input(scratch.input().as_path()).reducers(1);
        let mut config = scratch.config(mode);
        config.max_attempts = 2;
        let error = scratch.fail(&config, |config| job.run(config));
        assert_eq!(error.to_string(), "job fail: task reduce-00000 attempt 1: cannot bear this word");
    }
}

/// A hook of a mapper or reducer.
#[derive(Clone, Copy, PartialEq)]
enum Hook {
    Setup,
    Finish,
}

/// Fails in a hook.
#[derive(Clone)]
struct FailIn(Hook);

impl Mapper for FailIn {
    type Input = Lines;
    type Key = [u8];
    type Value = u64;

    fn setup(&mut self, task: &TaskContext) -> Result<()> {
        if self.0 == Hook::Setup { Err(Error::user(format!("no {}", task.id))) } else { Ok(()) }
    }

    fn map(&mut self, _: Record<'_>, _: &mut impl Emit<[u8], u64>) -> Result<()> {
        Ok(())
    }

    fn finish(&mut self, _: &mut impl Emit<[u8], u64>) -> Result<()> {
        if self.0 == Hook::Finish { Err(Error::user("no end")) } else { Ok(()) }
    }
}

#[test]
fn an_error_in_a_hook_fails_the_task() {
    let scratch = Scratch::with_input("a");
    let mut config = scratch.config(Mode::Memory);
    config.max_attempts = 1;
    for (hook, message) in [(Hook::Setup, "no map-00000"), (Hook::Finish, "no end")] {
        let job = Job::new("hooks", FailIn(hook), Sum).input(scratch.input().as_path());
        let error = scratch.fail(&config, |config| job.run(config));
        assert_eq!(error.to_string(), format!("job hooks: task map-00000 attempt 0: {message}"));
    }
}

#[test]
fn a_mapper_that_panics_at_first_is_run_again_and_counted_once() {
    let text = "to be or not to be\n".repeat(300);
    for mode in MODES {
        let scratch = Scratch::with_input(&text);
        let mut config = scratch.config(mode);
        (config.split_bytes, config.sort_buffer_bytes) = (Some(1_000), 32 << 10);
        let panics = Arc::new(AtomicU32::new(0));
        let job = Job::new("wordcount", PanicAtFirst { panics: panics.clone(), records: 0 }, Sum);
        let job = job.combine(add).input(scratch.input().as_path());
        let outcome = scratch.run(&config, |config| job.run(config));
        assert_same_parts(&outcome.parts, &word_count_oracle(text.as_bytes(), 3), "after panics");
        assert_eq!(panics.load(Ordering::Relaxed), 3);
        let failed: Vec<_> =
            outcome.report.tasks.iter().filter(|task| task.outcome == AttemptOutcome::Failed).collect();
        assert!(failed.iter().all(|task| task.error.as_ref().unwrap().ends_with(": panicked: at first")), "{failed:?}");
        assert_eq!((failed.len(), outcome.report.counters.map_input_records), (3, 300));
        assert_eq!(outcome.report.user_counters["lines"]["read"], 300);
    }
}

/// Word count whose first attempts panic after some records.
#[derive(Clone)]
struct PanicAtFirst {
    panics: Arc<AtomicU32>,
    records: u32,
}

impl Mapper for PanicAtFirst {
    type Input = Lines;
    type Key = [u8];
    type Value = u64;

    fn map(&mut self, line: Record<'_>, out: &mut impl Emit<[u8], u64>) -> Result<()> {
        self.records += 1;
        out.count("lines", "read", 1);
        line.words().for_each(|word| out.emit(word, 1));
        if self.records == 20 {
            let panics = self.panics.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| (n < 3).then_some(n + 1));
            assert!(panics.is_err(), "at first");
        }
        Ok(())
    }
}

/// Counts words, and fails the first attempt at each partition when it has emitted something.
#[derive(Clone, Default)]
struct FailFirstAttempt {
    attempt: u32,
    emitted: u32,
}

impl Reducer for FailFirstAttempt {
    type Key = [u8];
    type Value = u64;
    type OutKey = [u8];
    type OutValue = u64;

    fn setup(&mut self, task: &TaskContext) -> Result<()> {
        self.attempt = task.attempt;
        Ok(())
    }

    fn reduce(&mut self, word: &[u8], counts: &mut Values<u64>, out: &mut impl Emit<[u8], u64>) -> Result<()> {
        out.emit(word, counts.sum::<u64>());
        self.emitted += 1;
        match (self.attempt, self.emitted) {
            (0, 50) => Err(Error::user("the first attempt")),
            _ => Ok(()),
        }
    }
}

#[test]
fn a_reducer_that_fails_at_first_leaves_only_its_last_attempts_output() {
    let text: String = (0..2_000).map(|i| format!("word{} ", i % 500)).collect();
    for mode in MODES {
        for memory_bytes in [128 << 10, 64 << 20] {
            let scratch = Scratch::with_input(&text);
            let mut config = scratch.config(mode);
            config.memory_bytes = memory_bytes;
            let job = Job::new("wordcount", Tokenize, FailFirstAttempt::default()).input(scratch.input().as_path());
            let outcome = scratch.run(&config, |config| job.run(config));
            assert_same_parts(&outcome.parts, &word_count_oracle(text.as_bytes(), 3), format_args!("{mode:?}"));
            assert_eq!(outcome.report.counters.reduce_output_records, 500);
            assert_eq!(outcome.report.tasks.iter().filter(|task| task.id.starts_with("reduce")).count(), 6);
        }
    }
}

#[test]
fn a_task_has_as_many_attempts_as_are_set() {
    for max_attempts in [1, 4] {
        let scratch = Scratch::with_input("a\n");
        let attempts = Arc::new(AtomicU32::new(0));
        let mut config = scratch.config(Mode::Disk);
        config.max_attempts = max_attempts;
        let counted = attempts.clone();
        let job = lines_with(move |_| Err(Error::user(format!("number {}", counted.fetch_add(1, Ordering::Relaxed)))));
        let error = scratch.fail(&config, |config| job.input(scratch.input().as_path()).run(config));
        assert_eq!(attempts.load(Ordering::Relaxed), max_attempts);
        assert!(error.to_string().ends_with(&format!("number {}", max_attempts - 1)), "the last attempt's: {error}");
    }
}

/// A job that must not read anything.
fn never() -> Joined<impl Mapper<Input = Lines, Key = Vec<u8>, Value = u64>, u64> {
    lines_with(|_| panic!("a record was read"))
}

#[test]
fn an_output_that_exists_is_refused_before_any_work() {
    for mode in MODES {
        let scratch = Scratch::with_input("a\n");
        for existing in ["dir", "file"] {
            let path = scratch.path("input").join(existing);
            if existing == "dir" {
                fs::create_dir(&path).unwrap()
            } else {
                fs::write(&path, "mine").unwrap()
            }
            let config = scratch.config(mode).output(&path);
            let missing = scratch.input().join("missing");
            let error = scratch.fail(&config, |config| never().input(missing.as_path()).run(config));
            assert!(matches!(&error, Error::OutputExists(output) if *output == path), "{error}");
            assert!(error.to_string().contains("remove it or pass --overwrite"), "{error}");
            assert!(path.exists());
        }
    }
}

#[test]
fn overwriting_replaces_the_whole_output() {
    let scratch = Scratch::with_input("a b");
    let mut config = scratch.config(Mode::Disk).reducers(5);
    word_count().input(scratch.input().as_path()).run(&config).unwrap();
    (config.existing_output, config.reducers) = (ExistingOutput::Overwrite, 1);
    fs::write(scratch.path("output/notes.txt"), "mine").unwrap();
    let error = word_count().input(scratch.input().as_path()).run(&config).unwrap_err();
    assert!(matches!(error, Error::Config(_)) && error.to_string().contains("notes.txt"), "{error}");
    fs::remove_file(scratch.path("output/notes.txt")).unwrap();
    let outcome = scratch.run(&config, |config| word_count().input(scratch.input().as_path()).run(config));
    assert_eq!(outcome.parts, [("part-r-00000".to_owned(), b"a\t1\nb\t1\n".to_vec())]);
}

#[test]
fn an_output_that_is_overwritten_is_there_all_the_time() {
    let scratch = Scratch::with_input("a b");
    let paths = ["one", "other"].map(|name| scratch.path(name));
    paths.iter().for_each(|path| fs::create_dir(path).unwrap());
    let exchanged = renameat2(AT_FDCWD, &paths[0], AT_FDCWD, &paths[1], RenameFlags::RENAME_EXCHANGE);
    paths.iter().for_each(|path| fs::remove_dir(path).unwrap());
    if let Err(reason) = exchanged {
        eprintln!("skipped: directories cannot change places on this file system: {reason}");
        return;
    }
    let mut config = scratch.config(Mode::Memory).reducers(1);
    config.existing_output = ExistingOutput::Overwrite;
    let job = word_count().input(scratch.input().as_path());
    job.run(&config).unwrap();
    let (done, success) = (AtomicBool::new(false), scratch.path("output/_SUCCESS"));
    std::thread::scope(|scope| {
        let watching = scope.spawn(|| {
            let mut looks = 0u64;
            while !done.load(Ordering::Relaxed) {
                assert!(success.exists(), "after {looks} looks");
                looks += 1;
            }
        });
        (0..50).for_each(|_| drop(job.run(&config).unwrap()));
        done.store(true, Ordering::Relaxed);
        watching.join().unwrap();
    });
    fs::remove_dir_all(scratch.path("output")).unwrap();
    scratch.assert_nothing_left();
}

#[test]
fn a_job_that_fails_leaves_the_output_it_would_have_overwritten() {
    let scratch = Scratch::with_input("a b");
    let mut config = scratch.config(Mode::Memory).reducers(1);
    word_count().input(scratch.input().as_path()).run(&config).unwrap();
    config.existing_output = ExistingOutput::Overwrite;
    Job::new("fail", Tokenize, FailAt(b"b")).input(scratch.input().as_path()).run(&config).unwrap_err();
    assert_eq!(read_output(&scratch.path("output")), word_count_oracle(b"a b", 1));
    fs::remove_dir_all(scratch.path("output")).unwrap();
    scratch.assert_nothing_left();
}

#[test]
fn a_missing_input_is_named_before_any_work() {
    for mode in MODES {
        let scratch = Scratch::with_input("a\n");
        let missing = scratch.input().join("missing");
        let job = never().input(vec![scratch.input().join("data.txt"), missing.clone()]);
        let error = scratch.fail(&scratch.config(mode), |config| job.run(config));
        let Error::Io { operation: "read input", path, source } = &error else { panic!("{error:?}") };
        assert_eq!((path, source.kind()), (&missing, std::io::ErrorKind::NotFound));
    }
}

#[test]
fn settings_out_of_range_are_refused_before_any_work() {
    type Set = fn(&mut JobConfig);
    let set: [(Set, &str); 8] = [
        (|config| config.workers = 0, "--workers"),
        (|config| config.reducers = 65_537, "--reducers"),
        (|config| config.merge_factor = 1, "--merge-factor"),
        (|config| config.split_bytes = Some(0), "--split-size"),
        (|config| config.sort_buffer_bytes = 0, "--sort-buffer"),
        (|config| config.memory_bytes = 0, "--memory"),
        (|config| config.max_attempts = 0, "--max-attempts"),
        (|config| config.output = None, "output directory"),
    ];
    for (set, name) in set {
        let scratch = Scratch::with_input("a\n");
        let mut config = scratch.config(Mode::Disk);
        set(&mut config);
        let error = scratch.fail(&config, |config| never().input(scratch.input().as_path()).run(config));
        assert!(matches!(&error, Error::Config(message) if message.contains(name)), "{name}: {error:?}");
    }
}

#[test]
fn parent_directories_of_an_output_are_made_and_taken_back_after_a_failure() {
    let scratch = Scratch::with_input("a b");
    let config = scratch.config(Mode::Disk).output(scratch.path("deep/er/output"));
    scratch
        .fail(&config, |config| Job::new("fail", Tokenize, FailAt(b"b")).input(scratch.input().as_path()).run(config));
    word_count().input(scratch.input().as_path()).run(&config).unwrap();
    assert_eq!(read_output(&scratch.path("deep/er/output")), word_count_oracle(b"a b", 3));
}

#[test]
fn a_work_directory_that_cannot_be_is_named() {
    let scratch = Scratch::with_input("a\n");
    let mut config = scratch.config(Mode::Memory);
    config.work_dir = scratch.input().join("data.txt");
    let error = scratch.fail(&config, |config| never().input(scratch.input().as_path()).run(config));
    assert!(error.to_string().contains(config.work_dir.to_str().unwrap()), "{error}");
}

#[test]
fn a_work_directory_that_vanishes_fails_the_job_with_its_path() {
    let scratch = Scratch::with_input("a\n");
    let config = scratch.config(Mode::Disk);
    let work_dir = config.work_dir.clone();
    let job = lines_with(move |_| {
        for path in fs::read_dir(&work_dir).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
        }
        Ok(())
    });
    let error = scratch.fail(&config, |config| job.input(scratch.input().as_path()).run(config));
    assert!(error.to_string().contains(config.work_dir.to_str().unwrap()), "{error}");
}

#[test]
fn an_output_directory_that_vanishes_fails_the_job_with_its_path() {
    let scratch = Scratch::with_input("a\n");
    let config = scratch.config(Mode::Disk).output(scratch.path("results/output"));
    let results = scratch.path("results");
    let vanish = results.clone();
    let job = lines_with(move |_| fs::remove_dir_all(&vanish).map_err(Error::user).or(Ok(())));
    let error = scratch.fail(&config, |config| job.input(scratch.input().as_path()).run(config));
    assert!(error.to_string().contains(results.to_str().unwrap()), "{error}");
}

/// Runs a job in a thread of its own, cancels it when it signals, and returns its error. The job goes on only once it
/// has been cancelled, so the speed of the machine does not matter.
fn cancel_when_told(
    scratch: &Scratch,
    config: JobConfig,
    program: impl FnOnce(&Session, Signal) -> Result<Report> + Send,
) -> Error {
    let session = Session::new(config);
    let (reached, when_reached) = mpsc::channel();
    let signal = Signal { reached, cancel: session.cancel.clone() };
    let (error, since) = std::thread::scope(|scope| {
        let job = scope.spawn(|| scratch.fail(&session, |session| program(session, signal)));
        when_reached.recv().unwrap();
        let since = Instant::now();
        session.cancel.cancel();
        (job.join().unwrap(), since)
    });
    assert!(since.elapsed() < Duration::from_secs(5), "it took {:?} to stop", since.elapsed());
    error
}

/// Tells that a job has come to a point, and waits there until the job is cancelled.
#[derive(Clone)]
struct Signal {
    reached: mpsc::Sender<()>,
    cancel: CancelToken,
}

impl Signal {
    fn wait(&self) {
        self.reached.send(()).unwrap();
        while !self.cancel.is_cancelled() {
            std::thread::yield_now();
        }
    }
}

#[test]
fn a_job_cancelled_while_it_maps_stops_and_leaves_nothing() {
    for mode in MODES {
        let scratch = Scratch::with_input("a line\n".repeat(500_000));
        let mut config = scratch.config(mode);
        config.split_bytes = Some(500_000);
        let error = cancel_when_told(&scratch, config, |config, signal| {
            let records = Arc::new(AtomicU32::new(0));
            let job = lines_with(move |_| {
                if records.fetch_add(1, Ordering::Relaxed) == 100_000 {
                    signal.wait();
                }
                Ok(())
            });
            job.input(scratch.input().as_path()).run(config)
        });
        assert!(matches!(error, Error::Cancelled), "{error}");
    }
}

/// Waits at its first group.
#[derive(Clone)]
struct WaitInReduce(Signal);

impl Reducer for WaitInReduce {
    type Key = [u8];
    type Value = u64;
    type OutKey = [u8];
    type OutValue = u64;

    fn reduce(&mut self, word: &[u8], counts: &mut Values<u64>, out: &mut impl Emit<[u8], u64>) -> Result<()> {
        self.0.wait();
        out.emit(word, counts.sum::<u64>());
        Ok(())
    }
}

#[test]
fn a_job_cancelled_while_it_reduces_stops_and_leaves_nothing() {
    for mode in MODES {
        let scratch = Scratch::with_input("one word many times ".repeat(50_000));
        let mut config = scratch.config(mode);
        config.workers = 1;
        let error = cancel_when_told(&scratch, config, |config, signal| {
            Job::new("wait", Tokenize, WaitInReduce(signal)).input(scratch.input().as_path()).run(config)
        });
        assert!(matches!(error, Error::Cancelled), "{error}");
    }
}

#[test]
fn a_job_cancelled_before_it_begins_reads_nothing() {
    for mode in MODES {
        let scratch = Scratch::with_input("a\n");
        let session = Session::new(scratch.config(mode));
        session.cancel.cancel();
        let error = scratch.fail(&session, |session| never().input(scratch.input().as_path()).run(session));
        assert!(matches!(error, Error::Cancelled), "{error}");
    }
}

#[test]
fn a_job_that_fails_does_not_cancel_the_callers_other_jobs() {
    let scratch = Scratch::with_input("a b");
    let session = Session::new(scratch.config(Mode::Disk));
    scratch.fail(&session, |session| {
        Job::new("fail", Tokenize, FailAt(b"b")).input(scratch.input().as_path()).run(session)
    });
    assert!(!session.cancel.is_cancelled());
    scratch.run(&session, |session| word_count().input(scratch.input().as_path()).run(session));
}
