//! The settings of a comparison, as its report keeps them: enough to tell whether another comparison is the same one.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use crate::JobConfig;
use crate::config::PageCache;
use crate::input::list_files;
use crate::measure::analysis::verdict::{Rules, USUAL_MARGIN};
use crate::measure::failure::{Failure, USAGE};
use crate::measure::mode::RunMode;
use crate::measure::paired::Looks;
use crate::observe::report::Report;

/// The number of rounds, or what it depends on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rounds {
    /// So many.
    Exactly(u32),
    /// Until it is known of each pair of modes whether they differ or are equivalent, or the time is spent.
    UntilSettled {
        /// The time for the rounds.
        budget: Duration,
    },
}

/// The measurements that are asked for.
#[derive(Clone, Debug)]
pub struct Request {
    /// The modes that are compared.
    pub modes: Vec<RunMode>,
    /// Whether the job has no reference that could be one of the modes.
    pub without_reference: bool,
    /// The number of rounds, or what it depends on.
    pub rounds: Rounds,
    /// The largest difference that does not matter, as a part of the shorter time.
    pub margin: f64,
    /// Runs of each mode before the first round.
    pub warmup: u32,
    /// Seed of the order within rounds.
    pub seed: u64,
    /// Whether the factors are changed one by one.
    pub ladder: bool,
    /// Budgets of memory mode, in per cent of its working set.
    pub memory_sweep: Vec<u32>,
    /// Sizes of the input, against the default.
    pub scale: Vec<f64>,
    /// Numbers of iterations.
    pub iteration_sweep: Vec<u32>,
    /// Engines that run the job, too.
    pub engines: Vec<EngineColumn>,
    /// Other programs that do the job.
    pub with: Vec<String>,
}

/// An engine that has a column of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineColumn {
    /// Its name, which is the column's.
    pub name: String,
    /// Its mode: how it keeps intermediate data.
    pub mode: RunMode,
    /// The engine and its options, as words of the command line.
    pub words: Vec<String>,
}

/// Everything that times may depend on, except the machine, which each run reports.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// The job's name.
    pub job: String,
    /// Settings and options of the job that were given, as words.
    pub options: Vec<String>,
    /// Paths of the input. In JSON, bytes that are no UTF-8 are replaced.
    #[serde(serialize_with = "lossy")]
    pub inputs: Vec<PathBuf>,
    /// Digest of the [identity and state of the input files](files_of).
    #[serde(default)]
    pub files: String,
    /// Number of input files.
    pub input_files: usize,
    /// Their bytes.
    pub input_bytes: u64,
    /// The modes that are compared.
    pub modes: Vec<RunMode>,
    /// Tasks that run at the same time.
    pub workers: usize,
    /// Reduce tasks.
    pub reducers: u32,
    /// Memory budget of every run that does not set its own.
    pub memory_bytes: u64,
    /// `warm` or `cold`.
    pub page_cache: String,
    /// Whether the factors are changed one by one.
    #[serde(default)]
    pub ladder: bool,
    /// Budgets of memory mode, in per cent of its working set.
    #[serde(default)]
    pub memory_sweep: Vec<u32>,
    /// Sizes of the input, against the default.
    #[serde(default)]
    pub scale: Vec<f64>,
    /// Numbers of iterations.
    #[serde(default)]
    pub iteration_sweep: Vec<u32>,
    /// Whether the job has no reference that could be one of the modes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub without_reference: bool,
    /// Engines that run the job, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub engines: Vec<EngineColumn>,
    /// Other programs that do the job, as they were asked for.
    #[serde(default)]
    pub with: Vec<String>,
    /// Rounds: those that were asked for or, where that depends on the runs, those that were begun.
    pub rounds: u32,
    /// Seconds that rounds may take before the pairs are settled, where their number depends on that.
    #[serde(default)]
    pub budget_seconds: Option<f64>,
    /// Times at which the rounds are looked at, those of an earlier comparison that is continued among them.
    #[serde(default)]
    pub looks: Looks,
    /// The largest difference that does not matter, as a part of the shorter time.
    #[serde(default = "usual_margin")]
    pub margin: f64,
    /// Runs of each mode before the first round.
    pub warmup: u32,
    /// Seed of the order within rounds.
    pub seed: u64,
    /// The version of twinmill.
    pub version: String,
    /// Digest of the program that ran, which says more than its version.
    pub program: String,
}

fn usual_margin() -> f64 {
    USUAL_MARGIN
}

fn lossy<S: Serializer>(paths: &[PathBuf], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(paths.iter().map(|path| path.to_string_lossy()))
}

impl Settings {
    /// The settings of a comparison that reads `inputs`.
    ///
    /// # Errors
    /// [`Failure`] where the inputs cannot be listed.
    pub fn new(
        job: &str,
        request: &Request,
        config: &JobConfig,
        words: &[OsString],
        inputs: &[PathBuf],
    ) -> Result<Self, Failure> {
        let files = list_files(inputs)?;
        let program = env::current_exe().and_then(fs::read);
        let program = program.map_err(|error| Failure::failed(format!("cannot read this program itself: {error}")))?;
        Ok(Settings {
            job: job.to_owned(),
            options: words.iter().map(|word| text_of(word)).collect(),
            inputs: inputs.to_vec(),
            files: String::new(),
            input_files: files.len(),
            input_bytes: files.iter().map(|file| file.bytes).sum(),
            modes: request.modes.clone(),
            workers: config.workers,
            reducers: config.reducers,
            memory_bytes: config.memory_bytes,
            page_cache: match config.page_cache {
                PageCache::Warm => "warm".to_owned(),
                PageCache::Cold => "cold".to_owned(),
            },
            ladder: request.ladder,
            memory_sweep: request.memory_sweep.clone(),
            scale: request.scale.clone(),
            iteration_sweep: request.iteration_sweep.clone(),
            without_reference: request.without_reference,
            engines: request.engines.clone(),
            with: request.with.clone(),
            rounds: match request.rounds {
                Rounds::Exactly(rounds) => rounds,
                Rounds::UntilSettled { .. } => 0,
            },
            budget_seconds: match request.rounds {
                Rounds::Exactly(_) => None,
                Rounds::UntilSettled { budget } => Some(budget.as_secs_f64()),
            },
            looks: match request.rounds {
                Rounds::Exactly(_) => Looks::Once,
                Rounds::UntilSettled { .. } => Looks::AfterEachRound,
            },
            margin: request.margin,
            warmup: request.warmup,
            seed: request.seed,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            program: format!("xxh3:{:016x}", xxh3_64(&program)),
        })
    }

    /// The settings that a run's own report tells.
    pub fn of_saved_run(report: &Report) -> Self {
        Settings {
            job: report.job.clone(),
            options: Vec::new(),
            inputs: Vec::new(),
            files: String::new(),
            input_files: 0,
            input_bytes: report.input_bytes,
            modes: Vec::new(),
            workers: report.workers,
            reducers: report.reducers,
            memory_bytes: 0,
            page_cache: "unknown".into(),
            ladder: false,
            memory_sweep: Vec::new(),
            scale: Vec::new(),
            iteration_sweep: Vec::new(),
            without_reference: false,
            engines: Vec::new(),
            with: Vec::new(),
            rounds: 0,
            budget_seconds: None,
            looks: Looks::Once,
            margin: USUAL_MARGIN,
            warmup: 0,
            seed: 1,
            version: String::new(),
            program: String::new(),
        }
    }

    /// The rules of verdicts on the runs.
    pub fn rules(&self) -> Rules {
        Rules { looks: self.looks, margin: self.margin }
    }

    /// Whether faults were asked for.
    pub fn injects_faults(&self) -> bool {
        self.options.iter().any(|option| option.starts_with("--inject="))
    }

    /// Checks that the files that the runs read are [as they were](files_of) before the first run.
    ///
    /// # Errors
    /// [`Failure::Message`] where they are not.
    pub fn check_files_are(&self, files: &str) -> Result<(), Failure> {
        if self.files == files {
            return Ok(());
        }
        let message = "an input changed between the runs, so they did not do the same work; compare again when nothing \
                       writes to it, or compare a copy";
        Err(Failure::failed(message))
    }

    /// Whether runs under `self` can be joined by runs under `wanted`: all must be equal but the number of rounds, and what is
    /// concluded from the runs.
    ///
    /// # Errors
    /// [`Failure::Message`] that names the difference.
    pub fn check_continued_by(&self, wanted: &Settings) -> Result<(), Failure> {
        let fields = |settings: &Settings| match serde_json::to_value(settings) {
            Ok(Value::Object(fields)) => fields,
            _ => unreachable!("settings are a struct with string keys"),
        };
        let (mut before, now) = (fields(self), fields(wanted));
        for name in ["rounds", "budget_seconds", "looks", "margin"] {
            before.insert(name.into(), now[name].clone());
        }
        if self.files != wanted.files && self.inputs == wanted.inputs {
            let message =
                "cannot continue: an input is another file or has been written since; measure anew without --continue";
            return Err(Failure::Message(message.into(), USAGE));
        }
        let Some((name, then)) = before.iter().find(|(name, value)| now[name.as_str()] != **value) else {
            return Ok(());
        };
        let message =
            format!("cannot continue: {name} was {then} and is {} now; measure anew without --continue", now[name]);
        Err(Failure::Message(message, USAGE))
    }
}

/// Digest of the identity and state of files: their canonical paths, sizes, times and inodes.
///
/// # Errors
/// [`Failure`] where a file cannot be looked at.
pub fn files_of(paths: &[PathBuf]) -> Result<String, Failure> {
    let mut digest = Xxh3::new();
    for file in list_files(paths)? {
        if let Some(remote) = &file.remote {
            digest.update(file.path.as_os_str().as_bytes());
            digest.update(remote.state().as_bytes());
            continue;
        }
        let canonical = fs::canonicalize(&file.path).map_err(Failure::at("find", &file.path))?;
        let metadata = fs::metadata(&canonical).map_err(Failure::at("look at", &file.path))?;
        digest.update(canonical.as_os_str().as_bytes());
        digest.update(b"\0");
        for number in [metadata.ino(), metadata.len(), file.modified_ns as u64] {
            digest.update(&number.to_le_bytes());
        }
    }
    Ok(format!("xxh3:{:016x}", digest.digest()))
}

/// A word as text; different words give different text.
fn text_of(word: &OsStr) -> String {
    word.to_str().map_or_else(|| word.as_bytes().escape_ascii().to_string(), str::to_owned)
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// Of word count on 256 MiB.
    pub fn settings(modes: &[RunMode]) -> Settings {
        Settings {
            job: "wordcount".into(),
            options: Vec::new(),
            inputs: vec!["text".into()],
            files: String::new(),
            input_files: 1,
            input_bytes: 256 << 20,
            modes: modes.to_vec(),
            workers: 2,
            reducers: 2,
            memory_bytes: 1 << 30,
            page_cache: "warm".into(),
            ladder: false,
            memory_sweep: Vec::new(),
            scale: Vec::new(),
            iteration_sweep: Vec::new(),
            without_reference: false,
            engines: Vec::new(),
            with: Vec::new(),
            rounds: 3,
            budget_seconds: None,
            looks: Looks::Once,
            margin: USUAL_MARGIN,
            warmup: 0,
            seed: 1,
            version: "0.1.0".into(),
            program: "xxh3:0".into(),
        }
    }

    #[test]
    fn more_rounds_continue_a_comparison_and_nothing_else_may_differ() {
        let before = settings(&[RunMode::Disk, RunMode::Memory]);
        let mut now = before.clone();
        now.rounds = 20;
        before.check_continued_by(&now).unwrap();
        now.seed = 7;
        let Failure::Message(message, status) = before.check_continued_by(&now).unwrap_err() else { panic!() };
        assert_eq!(status, 2);
        assert_eq!(message, "cannot continue: seed was 1 and is 7 now; measure anew without --continue");
    }

    #[test]
    fn a_file_that_was_written_since_or_is_another_is_not_continued_with() {
        let dir = tempfile::tempdir().unwrap();
        let [one, other] = ["one", "other"].map(|name| dir.path().join(name));
        fs::write(&one, "a\n").unwrap();
        fs::copy(&one, &other).unwrap();
        let files = |path: &PathBuf| files_of(std::slice::from_ref(path)).unwrap();
        let before = Settings { files: files(&one), ..settings(&[RunMode::Disk]) };
        before.check_continued_by(&Settings { files: files(&dir.path().join("./one")), ..before.clone() }).unwrap();
        before.check_files_are(&files(&one)).unwrap();
        fs::File::open(&one).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
        assert!(matches!(before.check_files_are(&files(&one)), Err(Failure::Message(_, 1))));
        for now in [files(&one), files(&other)] {
            let refused = before.check_continued_by(&Settings { files: now, ..before.clone() });
            assert!(
                matches!(refused, Err(Failure::Message(message, 2)) if message.contains("an input is another file"))
            );
        }
    }
}
