//! Support for the tests: a private directory for each, runs whose leftovers are checked, and a comparison that says
//! where outputs differ.

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use twinmill::stages::RunFile;
use twinmill::{Error, JobConfig, Mode, Report, Result};
use walkdir::WalkDir;

/// Both modes, for facts that hold in each.
pub const MODES: [Mode; 2] = [Mode::Disk, Mode::Memory];

/// The files of an output except `_SUCCESS`: name and bytes, in part order.
pub type Parts = Vec<(String, Vec<u8>)>;

/// A directory of a test's own, removed at its end: `input/`, `work/`, and whatever else the test puts there.
pub struct Scratch {
    dir: TempDir,
}

/// The report and output of a program that succeeded.
pub struct Outcome {
    pub report: Report,
    pub parts: Parts,
}

impl Outcome {
    /// The parts one after another.
    pub fn bytes(&self) -> Vec<u8> {
        concatenated(&self.parts)
    }

    /// The parts one after another, where they are text.
    pub fn text(&self) -> String {
        String::from_utf8(self.bytes()).expect("the output of this test is UTF-8")
    }
}

impl Scratch {
    pub fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("twinmill-it-").tempdir().unwrap();
        for name in ["input", "work"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        Scratch { dir }
    }

    /// A scratch directory with one input file.
    pub fn with_input(bytes: impl AsRef<[u8]>) -> Self {
        let scratch = Scratch::new();
        scratch.write("data.txt", bytes);
        scratch
    }

    /// A path in the directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The directory of the input files.
    pub fn input(&self) -> PathBuf {
        self.path("input")
    }

    /// Writes an input file, and the directories above it.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.input().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// A small configuration: two workers, three reducers, buffers that do not take long to make.
    pub fn config(&self, mode: Mode) -> JobConfig {
        let mut config = JobConfig::new(mode).output(self.path("output")).reducers(3);
        config.workers = 2;
        config.memory_bytes = 64 << 20;
        config.sort_buffer_bytes = 1 << 20;
        config.work_dir = self.path("work");
        config
    }

    /// Runs a program that succeeds, removes its output, and asserts that nothing else is left.
    pub fn run<S>(&self, session: &S, program: impl FnOnce(&S) -> Result<Report>) -> Outcome {
        let report = program(session).unwrap_or_else(|error| panic!("{error}"));
        let parts = read_output(&report.output.path);
        fs::remove_dir_all(&report.output.path).unwrap();
        self.assert_nothing_left();
        Outcome { report, parts }
    }

    /// Runs a program that fails, and asserts that nothing is left.
    pub fn fail<S>(&self, session: &S, program: impl FnOnce(&S) -> Result<Report>) -> Error {
        let error = program(session).map(|report| report.output).expect_err("the program should have failed");
        self.assert_nothing_left();
        error
    }

    /// Everything in the directory except the inputs and the work directory itself.
    pub fn leftovers(&self) -> Vec<PathBuf> {
        let paths = WalkDir::new(self.dir.path()).min_depth(1).sort_by_file_name().into_iter();
        let relative = paths.map(|entry| entry.unwrap().path().strip_prefix(self.dir.path()).unwrap().to_owned());
        relative.filter(|path| !path.starts_with("input") && path != Path::new("work")).collect()
    }

    /// No output, no staging directory, nothing in the work directory.
    pub fn assert_nothing_left(&self) {
        assert_eq!(self.leftovers(), Vec::<PathBuf>::new());
    }
}

/// The parts of a committed output; asserts that it holds only them and an empty `_SUCCESS`.
pub fn read_output(dir: &Path) -> Parts {
    assert_eq!(fs::read(dir.join("_SUCCESS")).unwrap(), b"");
    let paths = twinmill::part_files(dir).unwrap();
    assert_eq!(fs::read_dir(dir).unwrap().count(), paths.len() + 1, "{} holds more than parts", dir.display());
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    paths.iter().map(|path| (name(path), fs::read(path).unwrap())).collect()
}

pub fn concatenated(parts: &Parts) -> Vec<u8> {
    parts.iter().flat_map(|(_, bytes)| bytes).copied().collect()
}

/// Names the parts of a job with reducers.
pub fn reduce_parts(parts: Vec<Vec<u8>>) -> Parts {
    parts.into_iter().enumerate().map(|(i, bytes)| (format!("part-r-{i:05}"), bytes)).collect()
}

/// Compares outputs; a failure shows only the first difference.
#[track_caller]
pub fn assert_same_parts(actual: &Parts, expected: &Parts, context: impl Display) {
    let names = |parts: &Parts| parts.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(actual), names(expected), "{context}");
    for ((name, actual), (_, expected)) in actual.iter().zip(expected) {
        assert_same_bytes(actual, expected, format_args!("{name}, {context}"));
    }
}

/// Compares bytes; a failure shows only the first difference.
#[track_caller]
pub fn assert_same_bytes(actual: &[u8], expected: &[u8], context: impl Display) {
    if actual == expected {
        return;
    }
    let at = actual.iter().zip(expected).take_while(|(a, b)| a == b).count();
    let near = |bytes: &[u8]| bytes[at.saturating_sub(40)..bytes.len().min(at + 40)].escape_ascii().to_string();
    panic!(
        "{context}: byte {at} of {} and {} differs:\n  actual   …{}…\n  expected …{}…",
        actual.len(),
        expected.len(),
        near(actual),
        near(expected)
    );
}

/// The run files below a directory.
pub fn run_files(dir: &Path) -> Vec<PathBuf> {
    let paths = WalkDir::new(dir).sort_by_file_name().into_iter().map(|entry| entry.unwrap().into_path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "run")).collect()
}

/// Records in the run files below a directory, all of which are sound.
pub fn records_in_run_files(dir: &Path) -> u64 {
    let count = |path: &PathBuf| {
        let file = RunFile::open(path).unwrap();
        let mut records = 0;
        for partition in 0..file.index().len() as u32 {
            file.for_each_record(partition, |_, _| {
                records += 1;
                Ok(())
            })
            .unwrap();
        }
        records
    };
    run_files(dir).iter().map(count).sum()
}
