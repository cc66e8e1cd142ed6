//! `twinmill compare lecture`: what a teacher runs before class.
//!
//! Six comparisons, one after another, each of which answers a question: where memory saves nothing, where it saves much,
//! and what a slow disk, little memory and a failure change ([`lessons`](crate::cli::lessons) has them). They take at most
//! three minutes together on a machine that people sit at. The result is a sentence and a chart for each, and with `--html`
//! one page.
//!
//! A lesson is a comparison like any other: its command line is in the page, to be repeated.

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use crate::CancelToken;
use crate::cli::document::Lecture;
use crate::cli::lessons::{LESSONS, Lesson};
use crate::cli::options::{self, Command, CompareOptions, LectureOptions};
use crate::cli::pace::stamp;
use crate::cli::pending_file::{PendingFile, write_json};
use crate::cli::piped::Piped;
use crate::cli::result::{self, Details};
use crate::cli::terminal::{self, note};
use crate::cli::{compare, default_input};
use crate::config::ExistingOutput;
use crate::measure::comparison::{Comparison, Heading};
use crate::measure::failure::Failure;
use crate::measure::running::supervisor::Supervisor;
use crate::measure::running::words::join;
use crate::measure::settings::Rounds;
use crate::runtime::places::Plan;

/// A lesson takes at most this part of the time that is left.
const MOST_OF_TIME_LEFT: u32 = 3;

/// Makes the comparisons, and prints the result of each.
///
/// # Errors
/// [`Failure`] where a run failed or outputs differ; the lessons before it are not kept.
pub fn lecture(options: &LectureOptions<'_>) -> Result<(), Failure> {
    let (mut supervisor, cancel) = (Supervisor::start()?, CancelToken::default());
    let began = Instant::now();
    supervisor.run(&cancel, || {
        let files = options.report.iter().map(|path| ("--report", path.clone())).chain(options.export.files());
        Plan { files: files.collect(), ..Plan::default() }.check(&cancel)?;
        if let Some(path) = &options.report {
            drop(PendingFile::create(path, ExistingOutput::Overwrite)?);
        }
        options.export.check()
    })?;
    let mut comparisons = Vec::new();
    for (i, lesson) in LESSONS.iter().enumerate() {
        if !options.quiet {
            let stamp = stamp(began.elapsed());
            note(format_args!("{stamp}lesson {} of {}: {}", i + 1, LESSONS.len(), lesson.title));
        }
        // Most lessons are settled long before: one that is not may take more than an equal share of the time.
        let lessons_left = (LESSONS.len() - i) as u32;
        let time = options.budget.saturating_sub(began.elapsed()) / lessons_left.min(MOST_OF_TIME_LEFT);
        comparisons.push(lesson.compare(options, time, &mut supervisor, &cancel)?);
    }
    terminal::print(&text(&comparisons, options.details, terminal::width()))?;
    supervisor.run(&cancel, || {
        if let Some(path) = &options.report {
            let file = PendingFile::create(path, ExistingOutput::Overwrite)?;
            write_json(&Lecture::of(&comparisons), file, path, &cancel)?;
        }
        options.export.write(&comparisons, &cancel)
    })?;
    comparisons.iter().try_for_each(compare::check)
}

impl Lesson {
    /// Makes the comparison, in about so much time.
    fn compare(
        &self,
        options: &LectureOptions<'_>,
        time: Duration,
        supervisor: &mut Supervisor,
        cancel: &CancelToken,
    ) -> Result<Comparison, Failure> {
        let mut words: Vec<OsString> = [terminal::name(), "compare"].map(OsString::from).to_vec();
        words.extend(self.words.iter().map(OsString::from));
        words.extend(options.words.iter().cloned());
        let mut own = self.options(options, words.clone())?;
        let inputs = supervisor
            .run(cancel, || default_input::resolve_scaled(&own.task, self.part * options.scale, true, cancel))?;
        words.extend(inputs.iter().map(|path| join("--input", path)));
        own.command = words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        own.task.inputs = inputs;
        own.request.rounds = Rounds::UntilSettled { budget: time };
        // Lines about lessons are progress enough, except where one line can change.
        own.quiet = options.quiet || !io::stderr().is_terminal();
        let mut comparison = compare::measured(*own, &mut Piped::default(), supervisor)?;
        comparison.heading = Some(Heading { title: self.title.to_owned(), question: self.question.to_owned() });
        Ok(comparison)
    }

    /// The comparison's options, as if they stood on a command line.
    fn options<'a>(
        &self,
        options: &LectureOptions<'a>,
        words: Vec<OsString>,
    ) -> Result<Box<CompareOptions<'a>>, Failure> {
        match options::parse(options.jobs, words) {
            Ok(Command::Compare(options)) => Ok(options),
            Ok(_) => unreachable!("the words are those of a comparison"),
            Err(error) => Err(Failure::Message(error.to_string(), options::exit_status(&error))),
        }
    }
}

/// The results of the lessons, one after another.
fn text(comparisons: &[Comparison], details: Details, width: usize) -> String {
    let lesson = |(i, comparison): (usize, &Comparison)| {
        let heading = comparison.heading.as_ref();
        let heading = heading.map(|heading| format!("{} {}. {}", i + 1, heading.title, heading.question));
        let heading = terminal::wrapped(&heading.unwrap_or_default(), width);
        match details {
            Details::Shown => format!("{heading}\n\n{}", result::text(comparison, details, width)),
            Details::Left => format!("{heading}\n\n{}", result::short(comparison, width)),
        }
    };
    let lessons: Vec<String> = comparisons.iter().enumerate().map(lesson).collect();
    let identical = if comparisons.iter().all(Comparison::outputs_identical) { "yes" } else { "NO" };
    format!("{}\n\noutputs identical in all lessons: {identical}\n", lessons.join("\n\n"))
}
