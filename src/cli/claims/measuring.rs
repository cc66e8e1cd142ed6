//! Makes the comparisons of a claim file, and the verdicts on its claims.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use crate::cli::args::ClaimMeasureArgs;
use crate::cli::claims::read::Given;
use crate::cli::options::{self, Command, CompareOptions};
use crate::cli::piped::Piped;
use crate::cli::terminal::{self, note};
use crate::cli::{compare, default_input};
use crate::measure::claims::file::{Claim, ClaimFile, ColumnSetup, Placed, Refusal, Setup, Why};
use crate::measure::claims::goal::Statements;
use crate::measure::claims::outcome::Outcome;
use crate::measure::claims::position::Position;
use crate::measure::comparison::{Comparison, Heading};
use crate::measure::failure::Failure;
use crate::measure::mode::RunMode;
use crate::measure::plan::variant::Variant;
use crate::measure::running::field::Absent;
use crate::measure::running::peers::Peers;
use crate::measure::running::supervisor::Supervisor;
use crate::measure::running::words::join;
use crate::measure::settings::Rounds;
use crate::program::AnyProgram;

/// The conditions under which claims are measured.
pub struct Conditions<'a> {
    jobs: &'a [Box<dyn AnyProgram>],
    budget: Duration,
    scale: f64,
    words: Vec<OsString>,
    peers: Option<PathBuf>,
    quiet: bool,
}

/// A claim file and what was found.
pub struct Measured<'f> {
    /// The file.
    pub given: &'f Given,
    /// Its comparisons, in its order.
    pub comparisons: Vec<Comparison>,
    /// What was found about each claim, in its order.
    pub outcomes: Vec<Outcome>,
    /// Sizes of the generated inputs, against those of the file.
    pub scale: f64,
}

impl Measured<'_> {
    /// Each claim with what was found about it.
    pub fn claims(&self) -> impl Iterator<Item = (&Claim, &Outcome)> {
        self.given.file.claims.iter().zip(&self.outcomes)
    }

    /// The name of a comparison, to tell it from others; `None` where it is the only one.
    pub fn name_of(&self, comparison: usize) -> Option<&str> {
        (self.comparisons.len() > 1).then(|| self.given.file.comparisons[comparison].name.as_str())
    }
}

/// A comparison that can be made.
pub struct Prepared<'a> {
    options: Box<CompareOptions<'a>>,
}

impl<'a> Conditions<'a> {
    /// Those that the command line says.
    pub fn of(args: &ClaimMeasureArgs, jobs: &'a [Box<dyn AnyProgram>], quiet: bool) -> Self {
        let mut words: Vec<OsString> = Vec::new();
        words.extend(args.workers.map(|workers| format!("--workers={workers}").into()));
        words.extend(args.work_dir.as_ref().map(|path| join("--work-dir", path)));
        Conditions { jobs, budget: args.budget, scale: args.scale, words, peers: args.peers.clone(), quiet }
    }

    /// Finds out whether the comparisons of a file can be made.
    ///
    /// # Errors
    /// [`Failure::Message`] with the place in the file where one cannot.
    pub fn prepare(&self, given: &Given, supervisor: &mut Supervisor) -> Result<Vec<Prepared<'a>>, Failure> {
        let prepare = |setup: &Setup| self.prepared(setup, given, supervisor);
        given.file.comparisons.iter().map(prepare).collect()
    }

    fn prepared(&self, setup: &Setup, given: &Given, supervisor: &mut Supervisor) -> Result<Prepared<'a>, Failure> {
        let jobs = self.jobs;
        if jobs.iter().all(|job| job.name() != setup.job.value) {
            let known = jobs.iter().map(|job| job.name().to_owned()).collect();
            let why = Why::Unknown { what: "job", name: setup.job.value.clone(), known };
            return Err(given.refuse(&Refusal { at: setup.job.at, key: key(setup, "job"), why }));
        }
        let refuse = |at: Position, name: &str, message: String| {
            given.refuse(&Refusal { at, key: key(setup, name), why: Why::Options(message) })
        };
        for input in &setup.inputs {
            let path = given.path_of(&input.value);
            if let Err(error) = path.metadata() {
                return Err(refuse(input.at, "input", format!("cannot read {}: {error}", path.display())));
            }
        }
        let words = self.words_of(setup, given);
        let mut options = match parse(jobs, &words) {
            Ok(Command::Compare(options)) => options,
            Ok(_) => return Err(refuse(setup.job.at, "job", format!("{} is no job", setup.job.value))),
            Err(message) => return Err(refuse(setup.options.at, "options", message)),
        };
        options.command = words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        for column in &setup.columns {
            let mut run: Vec<OsString> = vec![terminal::name().into(), "run".into(), (&setup.job.value).into()];
            run.push(format!("--mode={}", column.mode.name()).into());
            run.extend(setup.options.value.iter().chain(&column.options).map(OsString::from));
            run.extend(setup.inputs.iter().map(|path| join("--input", given.path_of(&path.value))));
            parse(jobs, &run).map_err(|message| refuse(column.at, "columns", message))?;
        }
        if let Some(size) = setup.size {
            let part = default_input::part_of_size(&options.task, size.0);
            options.part = part.map_err(|failure| refuse(setup.job.at, "size", message_of(&failure)))?;
        }
        options.part *= self.scale;
        options.quiet = self.quiet;
        options.request.rounds = Rounds::UntilSettled { budget: self.budget };
        options.own_columns = own_columns(setup);
        options.absent = if given.path.is_none() { Absent::Skipped } else { Absent::Refused };
        self.check_peers(setup, &options, &refuse, supervisor)?;
        Ok(Prepared { options })
    }

    /// Refuses programs that are not known, unless the file comes with twinmill: then they do not take part.
    fn check_peers(
        &self,
        setup: &Setup,
        options: &CompareOptions<'_>,
        refuse: &dyn Fn(Position, &str, String) -> Failure,
        supervisor: &mut Supervisor,
    ) -> Result<(), Failure> {
        if setup.peers.is_empty() || options.absent == Absent::Skipped {
            return Ok(());
        }
        let peers = Peers::find(self.peers.as_deref());
        let known = peers
            .and_then(|peers| peers.check(options.task.job.name(), &options.job_options, &setup.peers, supervisor));
        known.map_err(|failure| match failure {
            Failure::Message(message, _) => {
                refuse(setup.peers_at, "peers", message.trim_start_matches("--with: ").to_owned())
            }
            failure => failure,
        })
    }

    /// The command line of a comparison.
    fn words_of(&self, setup: &Setup, given: &Given) -> Vec<OsString> {
        let listed = |name: &str, values: Vec<String>| {
            (!values.is_empty()).then(|| OsString::from(format!("--{name}={}", values.join(","))))
        };
        let numbers = |values: &[u32]| values.iter().map(u32::to_string).collect::<Vec<_>>();
        let mut words: Vec<OsString> = vec![terminal::name().into(), "compare".into(), (&setup.job.value).into()];
        words.extend(setup.options.value.iter().map(OsString::from));
        let mut modes: Vec<RunMode> = setup.columns.iter().map(|column| column.mode).collect();
        modes = RunMode::once_each(&modes);
        words.extend(listed("modes", modes.iter().map(|mode| mode.name().to_owned()).collect()));
        words.extend(listed("with", setup.peers.clone()));
        words.extend(listed("scale", setup.scale.iter().map(f64::to_string).collect()));
        words.extend(listed("iteration-sweep", numbers(&setup.iteration_sweep)));
        words.extend(listed("memory-sweep", numbers(&setup.memory_sweep)));
        words.extend(setup.ladder.then(|| OsString::from("--ladder")));
        words.extend(setup.inputs.iter().map(|path| join("--input", given.path_of(&path.value))));
        words.extend(self.peers.iter().filter(|_| !setup.peers.is_empty()).map(|path| join("--peers", path)));
        words.extend(self.words.iter().cloned());
        words
    }

    /// Makes the comparisons of a file.
    ///
    /// # Errors
    /// As for a comparison.
    pub fn measure<'f>(
        &self,
        given: &'f Given,
        prepared: Vec<Prepared<'a>>,
        supervisor: &mut Supervisor,
    ) -> Result<Measured<'f>, Failure> {
        let ClaimFile { comparisons: setups, claims, .. } = &given.file;
        let mut comparisons = Vec::new();
        for (i, (setup, Prepared { options })) in setups.iter().zip(prepared).enumerate() {
            let own: Vec<&Claim> = claims.iter().filter(|claim| claim.comparison == i).collect();
            if !self.quiet && setups.len() > 1 {
                note(format_args!("comparison {} of {}: {}", i + 1, setups.len(), setup.name));
            }
            let goal = Statements(own.iter().map(|claim| &claim.statement).collect());
            let mut comparison = compare::measured_to_know(&goal, *options, &mut Piped::default(), supervisor)?;
            comparison.heading = Some(heading(setup, &own));
            comparisons.push(comparison);
        }
        let outcome = |claim: &Claim| Outcome::of(claim, &comparisons[claim.comparison]);
        let outcomes = claims.iter().map(outcome).collect();
        Ok(Measured { given, outcomes, comparisons, scale: self.scale })
    }
}

/// The options of a command line, or what is wrong with it.
fn parse<'a>(jobs: &'a [Box<dyn AnyProgram>], words: &[OsString]) -> Result<Command<'a>, String> {
    options::parse(jobs, words.iter().cloned()).map_err(|error| {
        let text = error.to_string();
        let first = text.split("\n\n").next().unwrap_or_default().trim_start_matches("error: ");
        first.lines().map(str::trim).collect::<Vec<_>>().join(" ")
    })
}

fn message_of(failure: &Failure) -> String {
    match failure {
        Failure::Message(message, _) => message.clone(),
        Failure::Library(error) => error.to_string(),
        Failure::Interrupted(signal) => signal.verb().to_owned(),
    }
}

fn key(setup: &Setup, name: &str) -> String {
    let dot = if setup.name.is_empty() { "" } else { "." };
    format!("comparison{dot}{}.{name}", setup.name)
}

/// The columns as variants; none where they are the modes themselves.
fn own_columns(setup: &Setup) -> Vec<Variant> {
    let columns = &setup.columns;
    if columns.iter().all(|column| column.is_plain()) {
        return Vec::new();
    }
    let variant = |column: &ColumnSetup| Variant {
        words: column.options.clone(),
        ..Variant::named(column.name.clone(), column.mode)
    };
    columns.iter().map(variant).collect()
}

/// What a comparison is for.
fn heading(setup: &Setup, claims: &[&Claim]) -> Heading {
    let Placed { value: job, .. } = &setup.job;
    let title = if setup.name.is_empty() { job.clone() } else { setup.name.replace(['-', '_'], " ") };
    let claims: Vec<&str> = claims.iter().map(|claim| claim.text.as_str()).collect();
    Heading { title, question: claims.join(" ") }
}
