//! `twinmill grade`: the grades of a folder of submissions.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;

use crate::cli::args::GradeArgs;
use crate::cli::pending_file::{PendingFile, write_json, write_whole};
use crate::cli::suggestion;
use crate::cli::table::Table;
use crate::cli::terminal::{self, note, print, say};
use crate::config::ExistingOutput;
use crate::measure::failure::Failure;
use crate::measure::grading::assignment::Assignment;
use crate::measure::grading::grade::{Grade, Grader, Test};
use crate::measure::grading::sandbox::Sandbox;
use crate::measure::grading::shut_in;
use crate::measure::grading::submission::{self, Submission};
use crate::measure::running::child::this_program;
use crate::measure::running::supervisor::Supervisor;
use crate::runtime::work_dir::{self, Access, WorkDir};
use crate::{CancelToken, Error};

/// How the names of directories for grading begin.
const PREFIX: &str = "twinmill-grade-";

/// Becomes a program of a submission, if this process was started for that.
pub fn shut_in(words: &[OsString]) -> Option<ExitCode> {
    let ended = shut_in::run(words)?;
    Some(ended.unwrap_or_else(|refusal| {
        say(refusal.why);
        ExitCode::from(refusal.status)
    }))
}

/// The grades of an assignment.
#[derive(Serialize)]
struct Grades<'a> {
    assignment: &'a str,
    grades: &'a [Grade],
    notes: &'a [String],
}

/// The results of a submission as Gradescope reads them.
#[derive(Serialize)]
struct Gradescope<'a> {
    score: f64,
    execution_time: f64,
    output: String,
    tests: Vec<GradescopeTest<'a>>,
}

#[derive(Serialize)]
struct GradescopeTest<'a> {
    name: &'a str,
    score: f64,
    max_score: f64,
    status: &'a str,
    output: &'a str,
}

/// Grades the submissions, one after another, and prints a table.
///
/// # Errors
/// An assignment that cannot be read, or whose solution fails. A submission that fails has its grade, which is no failure.
pub fn grade(args: &GradeArgs) -> Result<(), Failure> {
    let assignment = Assignment::read(&args.assignment)?;
    let submissions = chosen(submission::in_folder(&assignment.submissions)?, &args.submission)?;
    let cancel = CancelToken::default();
    let mut supervisor = Supervisor::start()?;
    fs::create_dir_all(&args.work_dir).map_err(Failure::at("create", &args.work_dir))?;
    // The programs name it, and see no links on the way to it.
    let work_dir = fs::canonicalize(&args.work_dir).map_err(Failure::at("find", &args.work_dir))?;
    // Submissions and solutions that a killed process left.
    work_dir::stale(&work_dir, PREFIX).for_each(|stale| stale.remove(&cancel));
    let dir = WorkDir::create(&work_dir, PREFIX, Access::Private)?;
    let program = this_program()?;
    let secrets = assignment.secrets(&args.assignment);
    let sandbox = Sandbox::find(&program, dir.path(), &secrets)?;
    let notes = sandbox.notes();
    notes.iter().for_each(note);
    if !sandbox.is_closed() && sandbox.user().is_some() {
        // Submissions run as another user, who has to find their programs.
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o711)).map_err(Failure::at("open", dir.path()))?;
    }
    let grader =
        Grader { assignment: &assignment, sandbox: &sandbox, program: &program, dir: dir.path(), cancel: &cancel };
    let grades = supervisor.run(&cancel, || {
        let answer = grader.answer()?;
        let mut grades = Vec::new();
        for (number, submission) in submissions.iter().enumerate() {
            let grade = grader.grade(submission, number, &answer)?;
            if !args.quiet {
                note(format_args!("{}: {} of {}", grade.submission, grade.score, grade.max_score));
            }
            grades.push(grade);
        }
        Ok(grades)
    })?;
    let all = Grades { assignment: &assignment.name, grades: &grades, notes: &notes };
    supervisor.run(&cancel, || {
        if let Some(path) = &args.report {
            write_json(&all, PendingFile::create(path, ExistingOutput::Overwrite)?, path, &cancel)?;
        }
        if let Some(path) = &args.csv {
            let text = csv(&grades).map_err(Failure::at("write", path))?;
            write_whole(PendingFile::create(path, ExistingOutput::Overwrite)?, path, &text, &cancel)?;
        }
        args.gradescope.as_ref().map_or(Ok(()), |path| write_gradescope(&grades, path, &cancel))
    })?;
    if args.quiet { Ok(()) } else { print(&table(&assignment.name, &grades).within(terminal::width())) }
}

/// The submissions that were named; all if none was.
fn chosen(all: Vec<Submission>, names: &[String]) -> Result<Vec<Submission>, Error> {
    let known: Vec<String> = all.iter().map(|submission| submission.name.clone()).collect();
    if let Some(unknown) = names.iter().find(|name| !known.contains(name)) {
        let question = suggestion::question(unknown, known.iter().map(String::as_str));
        return Err(Error::Config(format!("--submission {unknown}: there is none of this name{question}")));
    }
    let is_chosen = |submission: &Submission| names.is_empty() || names.contains(&submission.name);
    Ok(all.into_iter().filter(is_chosen).collect())
}

fn table(name: &str, grades: &[Grade]) -> Table {
    let tests = grades.first().map_or(&[][..], |grade| &grade.tests);
    let mut head = vec!["submission".to_owned()];
    head.extend(tests.iter().map(|test| test.name.to_owned()));
    head.push("points".to_owned());
    let mut rows = vec![head];
    for grade in grades {
        let mut row = vec![grade.submission.clone()];
        row.extend(grade.tests.iter().map(|test| test.score.to_string()));
        row.push(format!("{} of {}", grade.score, grade.max_score));
        rows.push(row);
    }
    Table { rows, sentence: format!("{name}: {} submissions; --report and --gradescope say why", grades.len()) }
}

fn csv(grades: &[Grade]) -> io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let tests = grades.first().map_or(&[][..], |grade| &grade.tests);
    let head = ["submission", "score", "max_score", "seconds"].into_iter().chain(tests.iter().map(|test| test.name));
    writer.write_record(head)?;
    for grade in grades {
        let figures = [grade.score.to_string(), grade.max_score.to_string(), format!("{:.3}", grade.seconds)];
        let scores = grade.tests.iter().map(|test| test.score.to_string());
        writer.write_record([grade.submission.clone()].into_iter().chain(figures).chain(scores))?;
    }
    writer.into_inner().map_err(|error| error.into_error())
}

fn write_gradescope(grades: &[Grade], path: &Path, cancel: &CancelToken) -> Result<(), Failure> {
    let is_file = path.extension().is_some_and(|extension| extension == "json");
    if is_file && grades.len() != 1 {
        let why = "--gradescope FILE.json is for one submission; name it with --submission, or name a folder";
        return Err(Error::Config(why.into()).into());
    }
    if !is_file {
        fs::create_dir_all(path).map_err(Failure::at("create", path))?;
    }
    for grade in grades {
        let path = if is_file { path.to_owned() } else { path.join(format!("{}.json", grade.submission)) };
        let result = Gradescope {
            score: grade.score,
            execution_time: grade.seconds,
            output: format!("{} of {} points", grade.score, grade.max_score),
            tests: grade.tests.iter().map(of_gradescope).collect(),
        };
        write_json(&result, PendingFile::create(&path, ExistingOutput::Overwrite)?, &path, cancel)?;
    }
    Ok(())
}

fn of_gradescope(test: &Test) -> GradescopeTest<'_> {
    let status = if test.passed { "passed" } else { "failed" };
    GradescopeTest { name: test.name, score: test.score, max_score: test.max_score, status, output: &test.output }
}
