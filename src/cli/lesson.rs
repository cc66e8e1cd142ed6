//! `twinmill lesson`: what is claimed, a guess, a measurement, a verdict with its reason, and what it does not show.
//!
//! A lesson is a claim file with prose ([`shipped`](crate::cli::claims::shipped) has them). Where a program that it speaks
//! of is not set up, it is taken with what is there, and says what is missing and how to get it.

use std::fs;
use std::io::{self, BufRead, IsTerminal};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::CancelToken;
use crate::cli::args::LessonArgs;
use crate::cli::claims::measuring::{Conditions, Measured};
use crate::cli::claims::read::Given;
use crate::cli::claims::record::Record;
use crate::cli::claims::{check_outputs, while_measuring};
use crate::cli::default_input::cache_dir;
use crate::cli::export::{course_page, lesson_page};
use crate::cli::options::LessonOptions;
use crate::cli::pace::about;
use crate::cli::pending_file::{PendingFile, write_json, write_whole};
use crate::cli::suggestion;
use crate::cli::telling::claims as telling;
use crate::cli::telling::lessons;
use crate::cli::terminal::{self, note};
use crate::config::ExistingOutput;
use crate::measure::claims::file::Lesson;
use crate::measure::claims::guess::Guessed;
use crate::measure::failure::{Failure, USAGE};
use crate::measure::running::supervisor::Supervisor;
use crate::program::AnyProgram;
use crate::runtime::places::Plan;

/// Name of a course's first page.
const INDEX: &str = "index.html";

/// Lists the lessons, or takes one or all of them.
///
/// # Errors
/// [`Failure`] where there is no such lesson, a guess is no number, a run failed, or a page cannot be written.
pub fn lesson(options: &LessonOptions<'_>) -> Result<(), Failure> {
    let LessonOptions { jobs, args } = options;
    let all = Given::lessons()?;
    match &args.lesson {
        None if !args.all => terminal::print(&list(&all, args, terminal::width())),
        None => course(&all, jobs, args),
        Some(name) => one(find(&all, name)?, jobs, args),
    }
}

/// The prose of a lesson's file.
fn prose(given: &Given) -> &Lesson {
    given.file.lesson.as_ref().expect("the lessons that come with twinmill have their prose")
}

/// The lesson of this number or name.
fn find<'l>(all: &'l [Given], name: &str) -> Result<&'l Given, Failure> {
    let is_it = |given: &&Given| {
        let lesson = prose(given);
        lesson.name == name || lesson.number.to_string() == name
    };
    all.iter().find(is_it).ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|given| prose(given).name.as_str()).collect();
        let question = suggestion::question(name, names.iter().copied());
        let message =
            format!("there is no lesson '{name}'{question}; there are 1 to {}: {}", all.len(), names.join(", "));
        Failure::Message(message, USAGE)
    })
}

/// Each lesson with the time that it takes.
fn list(all: &[Given], args: &LessonArgs, width: usize) -> String {
    let line = |given: &Given| {
        let lesson = prose(given);
        let rounds = args.measure.budget * given.file.comparisons.len() as u32;
        let takes = match Took::of(&lesson.name).and_then(|took| took.read()) {
            Some(took) => format!("took {} here", about(took)),
            None => format!("about {}", about(rounds)),
        };
        let line = format!("{:>2}  {}: {} ({takes})", lesson.number, lesson.name, lesson.title);
        terminal::hanging(&line, 4, width)
    };
    let lines: Vec<String> = all.iter().map(line).collect();
    let name = terminal::name();
    format!(
        "{}\n\nTake one with '{name} lesson NUMBER', all with '{name} lesson --all --html FOLDER'.\n",
        lines.join("\n")
    )
}

/// Takes one lesson.
fn one(given: &Given, jobs: &[Box<dyn AnyProgram>], args: &LessonArgs) -> Result<(), Failure> {
    let lesson = prose(given);
    let told = told_guess(lesson, args)?;
    let (mut supervisor, cancel) = (Supervisor::start()?, CancelToken::default());
    let files = [("--html", &args.html), ("--report", &args.report)];
    let outputs: Vec<_> = files.into_iter().filter_map(|(option, path)| Some((option, path.clone()?))).collect();
    supervisor.run(&cancel, || {
        Plan { files: outputs.clone(), ..Plan::default() }.check(&cancel)?;
        outputs.iter().try_for_each(|(_, path)| PendingFile::create(path, ExistingOutput::Overwrite).map(drop))?;
        Ok(())
    })?;
    let width = terminal::width();
    terminal::print(&lessons::before(&given.file, lesson, width))?;
    let guess = if told.is_some() { told } else { asked_guess(lesson, args)? };
    let measured = take(given, jobs, args, &mut supervisor)?;
    let guessed = Guessed::of(lesson, guess, &measured.comparisons);
    terminal::print(&lessons::after(lesson, &measured, guessed.as_ref(), width))?;
    supervisor.run(&cancel, || {
        if let Some(path) = &args.html {
            let page = lesson_page(lesson, &measured, guessed.as_ref().map(lessons::guessed));
            write_whole(PendingFile::create(path, ExistingOutput::Overwrite)?, path, page.as_bytes(), &cancel)?;
        }
        write_report(args, std::slice::from_ref(&measured), &cancel)
    })?;
    measured.comparisons.iter().try_for_each(check_outputs)
}

/// Takes all lessons, and writes their pages as they are done.
fn course(all: &[Given], jobs: &[Box<dyn AnyProgram>], args: &LessonArgs) -> Result<(), Failure> {
    let (mut supervisor, cancel) = (Supervisor::start()?, CancelToken::default());
    let folder = args.html.as_deref();
    supervisor.run(&cancel, || {
        let files = args.report.iter().map(|path| ("--report", path.clone())).collect();
        Plan { files, ..Plan::default() }.check(&cancel)?;
        if let Some(folder) = folder {
            fs::create_dir_all(folder).map_err(Failure::at("create", folder))?;
        }
        Ok(())
    })?;
    let width = terminal::width();
    let mut done: Vec<(&Lesson, Option<String>, Measured<'_>)> = Vec::new();
    for given in all {
        let lesson = prose(given);
        if !args.quiet {
            note(format_args!("lesson {} of {}: {}", lesson.number, all.len(), lesson.title));
        }
        terminal::print(&lessons::before(&given.file, lesson, width))?;
        let measured = take(given, jobs, args, &mut supervisor)?;
        let guessed = Guessed::of(lesson, None, &measured.comparisons);
        terminal::print(&(lessons::after(lesson, &measured, guessed.as_ref(), width) + "\n"))?;
        let file = folder.map(|_| format!("{:02}-{}.html", lesson.number, lesson.name));
        done.push((lesson, file, measured));
        let (lesson, file, measured) = done.last().expect("just pushed");
        if let Some((folder, file)) = folder.zip(file.as_ref()) {
            let page = lesson_page(lesson, measured, guessed.as_ref().map(lessons::guessed));
            write_page(&folder.join(file), &page, &mut supervisor, &cancel)?;
            let so_far: Vec<_> =
                done.iter().map(|(lesson, file, measured)| (*lesson, file.clone(), measured)).collect();
            write_page(&folder.join(INDEX), &course_page(&so_far), &mut supervisor, &cancel)?;
        }
    }
    let measured: Vec<Measured<'_>> = done.into_iter().map(|(.., measured)| measured).collect();
    terminal::print(&telling::summary(&measured))?;
    supervisor.run(&cancel, || write_report(args, &measured, &cancel))?;
    measured.iter().flat_map(|done| &done.comparisons).try_for_each(check_outputs)
}

fn write_page(path: &Path, page: &str, supervisor: &mut Supervisor, cancel: &CancelToken) -> Result<(), Failure> {
    supervisor.run(cancel, || {
        write_whole(PendingFile::create(path, ExistingOutput::Overwrite)?, path, page.as_bytes(), cancel)
    })
}

fn write_report(args: &LessonArgs, measured: &[Measured<'_>], cancel: &CancelToken) -> Result<(), Failure> {
    let Some(path) = &args.report else { return Ok(()) };
    write_json(&Record::of(measured), PendingFile::create(path, ExistingOutput::Overwrite)?, path, cancel)
}

/// Measures a lesson, and remembers how long it took here.
fn take<'l>(
    given: &'l Given,
    jobs: &[Box<dyn AnyProgram>],
    args: &LessonArgs,
    supervisor: &mut Supervisor,
) -> Result<Measured<'l>, Failure> {
    let began = Instant::now();
    let conditions = Conditions::of(&args.measure, jobs, args.quiet);
    let prepared = conditions.prepare(given, supervisor)?;
    let measured = conditions.measure(given, prepared, supervisor).map_err(while_measuring)?;
    if let Some(took) = Took::of(&prose(given).name).filter(|_| args.measure.scale == 1.0) {
        took.write(began.elapsed());
    }
    Ok(measured)
}

/// The reader's guess, where the command line has one.
fn told_guess(lesson: &Lesson, args: &LessonArgs) -> Result<Option<f64>, Failure> {
    let (Some(asked), Some(text)) = (&lesson.guess, &args.guess) else { return Ok(None) };
    let refuse = |why| Failure::Message(format!("--guess: {why}"), USAGE);
    lessons::parse_guess(text, asked.dimension).map(Some).map_err(refuse)
}

/// The reader's guess as it is typed where both ends are a terminal. Nothing is asked else.
fn asked_guess(lesson: &Lesson, args: &LessonArgs) -> Result<Option<f64>, Failure> {
    let Some(asked) = &lesson.guess else { return Ok(None) };
    if args.quiet || !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Ok(None);
    }
    loop {
        terminal::print(&lessons::prompt())?;
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line).map_err(Failure::at("read", Path::new("standard input")))?;
        if read == 0 || line.trim().is_empty() {
            return Ok(None);
        }
        match lessons::parse_guess(line.trim(), asked.dimension) {
            Ok(guess) => return Ok(Some(guess)),
            Err(why) => note(why),
        }
    }
}

/// The time that a lesson took here the last time, in a file of the user's cache.
struct Took(PathBuf);

impl Took {
    fn of(lesson: &str) -> Option<Self> {
        Some(Took(cache_dir().join("lessons").join(format!("{lesson}.seconds"))))
    }

    fn read(&self) -> Option<Duration> {
        let seconds = fs::read_to_string(&self.0).ok()?.trim().parse().ok()?;
        Duration::try_from_secs_f64(seconds).ok()
    }

    /// A time that cannot be kept is not told the next time; the lesson was taken all the same.
    fn write(&self, time: Duration) {
        let folder = self.0.parent().map(fs::create_dir_all);
        if matches!(folder, Some(Ok(()))) {
            let _ = fs::write(&self.0, format!("{:.0}\n", time.as_secs_f64()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lesson_is_found_by_number_and_by_name_and_a_mistyped_one_is_suggested() {
        let all = Given::lessons().unwrap();
        assert_eq!(prose(find(&all, "3").unwrap()).name, "iterating");
        assert_eq!(prose(find(&all, "counting").unwrap()).number, 2);
        let Err(Failure::Message(message, 2)) = find(&all, "iterate") else { panic!("found") };
        assert!(message.contains("did you mean iterating?"), "{message}");
    }
}
