//! One run in a process of its own.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Instant;

use nix::sys::signal::Signal;

use crate::JobConfig;
use crate::config::Intermediates;
use crate::machine::tie;
use crate::measure::failure::{FAILED, Failure};
use crate::measure::plan::variant::Variant;
use crate::measure::run::Run;
use crate::measure::running::processors::Processors;
use crate::measure::running::supervisor::Supervisor;
use crate::measure::running::words::join;
use crate::observe::report::Report;

/// The settings that all runs share.
pub struct Child<'a> {
    /// The program to start: this executable, which knows the job.
    pub program: PathBuf,
    /// The job's name.
    pub job: &'a str,
    /// Its inputs.
    pub inputs: &'a [PathBuf],
    /// The comparison's settings.
    pub config: &'a JobConfig,
    /// Settings that were given, and the job's options, as words.
    pub words: &'a [OsString],
    /// Directory for the runs' files, of one run at a time.
    pub scratch: &'a Path,
    /// All processors, where each run is limited to as many as it has workers.
    pub processors: Option<Processors>,
}

/// This executable.
///
/// # Errors
/// [`Failure::Message`] where the system does not tell where it is.
pub fn this_program() -> Result<PathBuf, Failure> {
    env::current_exe().map_err(|error| Failure::failed(format!("cannot find this program itself: {error}")))
}

impl Child<'_> {
    /// Runs the job once and removes its output.
    ///
    /// # Errors
    /// The run's own message and exit status, or [`Failure::Interrupted`].
    pub fn run(&self, variant: &Variant, supervisor: &mut Supervisor) -> Result<Run, Failure> {
        self.run_with(variant, self.config.intermediates, supervisor)
    }

    /// Like [`run`](Self::run), and keeps no intermediates.
    ///
    /// # Errors
    /// As there.
    pub fn warm_up(&self, variant: &Variant, supervisor: &mut Supervisor) -> Result<Run, Failure> {
        self.run_with(variant, Intermediates::Remove, supervisor)
    }

    fn run_with(
        &self,
        variant: &Variant,
        intermediates: Intermediates,
        supervisor: &mut Supervisor,
    ) -> Result<Run, Failure> {
        let (output, report) = (self.scratch.join("output"), self.scratch.join("report.json"));
        let run = self.run_to(&output, &report, variant, intermediates, supervisor)?;
        fs::remove_dir_all(&output).map_err(Failure::at("remove", &output))?;
        Ok(run)
    }

    /// Runs the job once and leaves its output in `output`, to compare other answers with.
    ///
    /// # Errors
    /// As for [`run`](Self::run).
    pub fn answer(&self, variant: &Variant, output: &Path, supervisor: &mut Supervisor) -> Result<Run, Failure> {
        self.run_to(output, &self.scratch.join("report.json"), variant, Intermediates::Remove, supervisor)
    }

    fn run_to(
        &self,
        output: &Path,
        report: &Path,
        variant: &Variant,
        intermediates: Intermediates,
        supervisor: &mut Supervisor,
    ) -> Result<Run, Failure> {
        let command = self.command(variant, intermediates, output, report)?;
        let started = Instant::now();
        let ended = match &self.processors {
            Some(processors) => {
                let workers = variant.workers.unwrap_or(self.config.workers);
                processors.while_kept(workers, || supervisor.run_child(command))?
            }
            None => supervisor.run_child(command)?,
        };
        let wall_seconds = started.elapsed().as_secs_f64();
        if !ended.status.success() {
            return Err(failure(&self.program, &variant.name, &ended));
        }
        let json = fs::read(report).map_err(Failure::at("read", report))?;
        let refuse = |error| Failure::failed(format!("{}: {error}", report.display()));
        let report: Report = serde_json::from_slice(&json).map_err(refuse)?;
        Ok(Run::of(report).in_process_of(wall_seconds).with_engine_start())
    }

    fn command(
        &self,
        variant: &Variant,
        intermediates: Intermediates,
        output: &Path,
        report: &Path,
    ) -> Result<Command, Failure> {
        let mut command = Command::new(&self.program);
        tie::to_this_process(&mut command, Signal::SIGTERM);
        command.args(["run", self.job, "--quiet", "--mode", variant.mode.name()]);
        let inputs = if variant.inputs.is_empty() { self.inputs } else { &variant.inputs };
        command.args(inputs.iter().map(|path| join("--input", path)));
        command.args([join("--output", output), join("--report", report)]);
        // Files of a run that had to be killed are removed with the scratch directory; kept intermediates must not be.
        match intermediates {
            Intermediates::Keep => {
                command.arg("--keep-intermediates").arg(join("--work-dir", &self.config.work_dir));
            }
            Intermediates::Remove => {
                command.arg(join("--work-dir", self.scratch));
            }
        }
        // The available memory changes between runs; the budget must not.
        command.arg(format!("--memory={}", variant.memory_bytes.unwrap_or(self.config.memory_bytes)));
        // A run that is limited to fewer processors would have other defaults.
        let workers = variant.workers.unwrap_or(self.config.workers);
        command.args([format!("--workers={workers}"), format!("--reducers={}", self.config.reducers)]);
        let is_given = |word: &&OsString| {
            let word = word.as_encoded_bytes();
            word.starts_with(b"--workers=") || word.starts_with(b"--reducers=")
        };
        let end = self.words.iter().position(|word| word == "--").unwrap_or(self.words.len());
        let (options, arguments) = self.words.split_at(end);
        let options = options.iter().filter(|word| !is_given(word));
        match variant.spared_twin_of {
            None => command.args(options),
            Some(_) => command.args(options.map(spare)),
        };
        command.args(&variant.words).args(arguments);
        Ok(command)
    }
}

/// The same word; a fault strikes no attempt, but the input is cut as if it did.
fn spare(word: &OsString) -> OsString {
    let mut word = word.clone();
    if word.as_encoded_bytes().starts_with(b"--inject=") {
        word.push(":attempts=0");
    }
    word
}

fn failure(program: &Path, variant: &str, ended: &Output) -> Failure {
    let said = String::from_utf8_lossy(&ended.stderr);
    let name = program.file_name().unwrap_or_default().to_string_lossy();
    let message = |said: &str| Some(said.strip_prefix(&*name)?.strip_prefix(": ")?.to_owned());
    let said = message(said.trim()).unwrap_or_else(|| said.trim().to_owned());
    let how = match ended.status.signal() {
        Some(signal) if said.is_empty() => format!("ended by signal {signal}"),
        _ => said,
    };
    let status = ended.status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(FAILED);
    Failure::Message(format!("run in mode {variant}: {how}"), status)
}

#[cfg(test)]
mod tests {
    use std::process::ExitStatus;

    use super::*;

    #[test]
    fn a_failed_run_passes_its_message_and_status_on() {
        let status = ExitStatus::from_raw(2 << 8);
        let ended = Output { status, stdout: Vec::new(), stderr: b"twinmill: --x must be 1\n".to_vec() };
        let Failure::Message(message, status) = failure(Path::new("/bin/twinmill"), "disk", &ended) else {
            panic!("another failure")
        };
        assert_eq!((message.as_str(), status), ("run in mode disk: --x must be 1", 2));
    }

    #[test]
    fn a_fault_that_a_run_is_spared_is_named_all_the_same() {
        let spared = |word: &str| spare(&word.into()).into_string().unwrap();
        assert_eq!(spared("--inject=map:1:slow=5s:attempts=2"), "--inject=map:1:slow=5s:attempts=2:attempts=0");
        assert_eq!(spared("--inject-seed=3"), "--inject-seed=3");
    }

    #[test]
    fn a_killed_run_says_so() {
        let ended = Output { status: ExitStatus::from_raw(9), stdout: Vec::new(), stderr: Vec::new() };
        let Failure::Message(message, status) = failure(Path::new("/bin/twinmill"), "memory", &ended) else {
            panic!("another failure")
        };
        assert_eq!((message.as_str(), status), ("run in mode memory: ended by signal 9", 1));
    }
}
