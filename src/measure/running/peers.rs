//! The programs under `scripts/peers`, through its script `one`: `plan` says which take part, `run` runs a program
//! once.
//!
//! The script's `--help` describes its arguments and its output. It lies in the source tree that this binary was built
//! from, unless another place is named.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use nix::sys::signal::Signal;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::config::PageCache;
use crate::input::list_files;
use crate::machine::tie;
use crate::measure::alternative::{Alternative, AlternativeRun, Attempt};
use crate::measure::failure::{FAILED, Failure, USAGE};
use crate::measure::running::supervisor::Supervisor;
use crate::measure::running::words::join;

/// Environment variable that names another place of `scripts/peers`.
const PLACE: &str = "TWINMILL_PEERS";

/// The script that runs other programs.
#[derive(Debug)]
pub struct Peers {
    one: PathBuf,
}

/// The task of other programs.
#[derive(Debug)]
pub struct Question<'a> {
    /// The job's name.
    pub job: &'a str,
    /// The job's own options, with defaults.
    pub options: &'a [(String, String)],
    /// Processors for each program.
    pub workers: usize,
    /// Whether the input is dropped from the page cache first.
    pub page_cache: PageCache,
    /// Directory for outputs and intermediates, of one run at a time.
    pub scratch: &'a Path,
    /// Reason why no other program can do twinmill's task, whatever the input.
    pub declined: Option<String>,
}

/// An output of twinmill's that answers are compared with.
#[derive(Debug)]
pub struct Ours {
    /// Its inputs.
    pub inputs: Vec<PathBuf>,
    /// Its directory.
    pub output: PathBuf,
    /// Its digest.
    pub digest: String,
}

/// Outcome of an attempt.
#[derive(Debug, PartialEq)]
pub enum Outcome {
    /// It ran.
    Ran(Box<AlternativeRun>),
    /// It declined this input, for this reason.
    Declined(String),
    /// The program failed, with this message.
    Failed(String),
}

#[derive(Deserialize)]
struct Plan {
    alternatives: Vec<Alternative>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Figures {
    Skipped { skipped: String },
    Ran(Box<AlternativeRun>),
}

impl Peers {
    /// Finds the script in `place`, or where `TWINMILL_PEERS` says, or in the source tree.
    ///
    /// # Errors
    /// [`Failure::Message`] that says where it was looked for.
    pub fn find(place: Option<&Path>) -> Result<Self, Failure> {
        let named = place.map(Path::to_owned).or_else(|| env::var_os(PLACE).map(PathBuf::from));
        let place = named.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/peers"));
        // The child works in a directory of its own.
        let one = std::path::absolute(place.join("one")).map_err(Failure::at("find", &place))?;
        if one.is_file() {
            return Ok(Peers { one });
        }
        let message = format!(
            "--with needs scripts/peers of twinmill's source tree, which is not at {}; name it with --peers DIR or {PLACE}",
            place.display()
        );
        Err(Failure::Message(message, USAGE))
    }

    /// The alternatives of these names, with the reason for each that does not take part.
    ///
    /// # Errors
    /// [`Failure::Message`] for an unknown name, and for a job or an option that no program takes.
    pub fn plan(
        &self,
        question: &Question<'_>,
        names: &[String],
        inputs: &[PathBuf],
        supervisor: &mut Supervisor,
    ) -> Result<Vec<Alternative>, Failure> {
        let mut command = self.command("plan", question, inputs)?;
        command.arg(join("--with", names.join(",")));
        if let Some(why) = &question.declined {
            command.arg(join("--declined", why));
        }
        let ended = supervisor.run_child(command)?;
        if !ended.status.success() {
            let status = if ended.status.code() == Some(i32::from(USAGE)) { USAGE } else { FAILED };
            return Err(Failure::Message(format!("--with: {}", said(&ended)), status));
        }
        Ok(self.parse::<Plan>(&ended.stdout)?.alternatives)
    }

    /// Finds out whether there are programs of these names for a job with these options.
    ///
    /// # Errors
    /// [`Failure::Message`] where one is unknown, or the job or an option is none that other programs take.
    pub fn check(
        &self,
        job: &str,
        options: &[(String, String)],
        names: &[String],
        supervisor: &mut Supervisor,
    ) -> Result<(), Failure> {
        let question = Question {
            job,
            options,
            workers: 1,
            page_cache: PageCache::Warm,
            scratch: Path::new("/tmp"),
            declined: Some("only asked".into()),
        };
        // Any file will do, since no program is to read it.
        self.plan(&question, names, std::slice::from_ref(&self.one), supervisor).map(drop)
    }

    /// Runs an alternative once on the inputs of `ours`, and compares the answers.
    ///
    /// # Errors
    /// [`Failure::Interrupted`], or [`Failure::Message`] where the script's output is not as expected.
    pub fn run(
        &self,
        question: &Question<'_>,
        system: &str,
        attempt: &Attempt,
        ours: &Ours,
        supervisor: &mut Supervisor,
    ) -> Result<Outcome, Failure> {
        let mut command = self.command("run", question, &ours.inputs)?;
        command.args([join("--system", system), format!("--cpus={}", question.workers).into()]);
        command.arg(join("--against", &ours.output));
        if question.page_cache == PageCache::Cold {
            command.arg("--cold");
        }
        let ended = supervisor.run_child(command)?;
        if !ended.status.success() {
            return Ok(Outcome::Failed(said(&ended)));
        }
        Ok(match self.parse(&ended.stdout)? {
            Figures::Skipped { skipped } => Outcome::Declined(skipped),
            Figures::Ran(mut run) => {
                (run.variant, run.input_bytes) = (attempt.name.clone(), attempt.input_bytes);
                run.checked_against.clone_from(&ours.digest);
                Outcome::Ran(run)
            }
        })
    }

    /// The script with the question, about all files of the input: directories are for twinmill to walk.
    fn command(&self, verb: &str, question: &Question<'_>, inputs: &[PathBuf]) -> Result<Command, Failure> {
        let mut command = Command::new(&self.one);
        tie::to_this_process(&mut command, Signal::SIGTERM);
        command.args([verb, question.job]);
        for file in list_files(inputs)? {
            if file.remote.is_some() {
                let path = file.path.display();
                return Err(Failure::failed(format!(
                    "only twinmill reads {path} where it lies; copy it to this machine first"
                )));
            }
            let path = std::path::absolute(&*file.path).map_err(Failure::at("find", &file.path))?;
            command.arg(join("--input", path));
        }
        command.arg(join("--scratch", question.scratch));
        command.args(question.options.iter().map(|(name, value)| OsString::from(format!("--option={name}={value}"))));
        Ok(command)
    }

    fn parse<T: DeserializeOwned>(&self, json: &[u8]) -> Result<T, Failure> {
        serde_json::from_slice(json).map_err(|error| {
            let text = String::from_utf8_lossy(json);
            Failure::failed(format!("{} printed no such JSON: {error}: {}", self.one.display(), text.trim()))
        })
    }
}

fn said(ended: &Output) -> String {
    match String::from_utf8_lossy(&ended.stderr).trim() {
        "" => ended.status.to_string(),
        text => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_or_a_reason_are_read() {
        let ran = r#"{"wall_seconds": 1.5, "work_seconds": 1.0, "startup_seconds": 0.5, "cpu_seconds": 1.2, "lines": 3,
            "peak_rss_bytes": 1024, "iteration_seconds": [0.5], "answer": {"agrees": false, "difference": 0.25}}"#;
        let Figures::Ran(run) = serde_json::from_str(ran).unwrap() else { panic!("no run") };
        assert_eq!((run.startup_seconds, run.answer.unwrap().agrees), (0.5, false));
        let Figures::Skipped { skipped } = serde_json::from_str(r#"{"skipped": "too large"}"#).unwrap() else {
            panic!()
        };
        assert_eq!(skipped, "too large");
    }

    #[test]
    fn a_place_without_the_script_is_named() {
        let Err(Failure::Message(message, 2)) = Peers::find(Some(Path::new("/no/such/place"))) else { panic!("found") };
        assert!(message.contains("not at /no/such/place; name it with --peers DIR or TWINMILL_PEERS"), "{message}");
    }

    #[test]
    fn the_source_tree_has_the_script() {
        assert!(Peers::find(Some(&Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/peers"))).is_ok());
    }
}
