//! `twinmill list`: the jobs, by subject.

use serde::Serialize;

use crate::cli::args::ListArgs;
use crate::cli::figures::{bytes, counted};
use crate::cli::terminal::{self, hanging, print_json, to_stdout};
use crate::generate::{Amount, Kind, Shape};
use crate::measure::failure::Failure;
use crate::program::AnyProgram;

/// Prints each job with its purpose and its default input, under its subject.
///
/// # Errors
/// [`Failure::Library`] where stdout cannot be written.
pub fn list(args: &ListArgs, jobs: &[Box<dyn AnyProgram>]) -> Result<(), Failure> {
    if args.json {
        let jobs: Vec<_> = jobs.iter().map(|job| Entry::of(job.as_ref())).collect();
        return print_json(&jobs);
    }
    let width = jobs.iter().map(|job| job.name().len()).max().unwrap_or(0);
    let subjects = by_subject(jobs);
    to_stdout(|out| {
        for (place, (subject, jobs)) in subjects.iter().enumerate() {
            if place > 0 {
                writeln!(out)?;
            }
            if !subject.is_empty() {
                writeln!(out, "{subject}:")?;
            }
            for job in jobs {
                let input = match job.default_input() {
                    Some((kind, shape)) => format!("default input: {}", describe(kind, &shape)),
                    None if job.reads_input() => "needs --input".to_owned(),
                    None => "no input".to_owned(),
                };
                let line = format!("{:width$}  {} [{input}]", job.name(), job.about());
                writeln!(out, "{}", hanging(&line, width + 2, terminal::width()))?;
            }
        }
        Ok(())
    })
}

/// A subject and its jobs.
type OfSubject<'a> = (&'static str, Vec<&'a dyn AnyProgram>);

/// The jobs of each subject; subjects, and the jobs of one, in the order in which they are listed.
fn by_subject(jobs: &[Box<dyn AnyProgram>]) -> Vec<OfSubject<'_>> {
    let mut subjects: Vec<OfSubject<'_>> = Vec::new();
    for job in jobs {
        let subject = job.subject();
        match subjects.iter_mut().find(|(known, _)| *known == subject) {
            Some((_, of_subject)) => of_subject.push(job.as_ref()),
            None => subjects.push((subject, vec![job.as_ref()])),
        }
    }
    subjects
}

/// `256 MiB of text`.
pub fn describe(kind: Kind, shape: &Shape) -> String {
    match shape.amount {
        Amount::Bytes(amount) => format!("{} of {kind}", bytes(amount)),
        Amount::Records(records) => format!("{} of {kind}", counted(records, "record")),
    }
}

/// A job in the list as JSON.
#[derive(Serialize)]
struct Entry {
    name: &'static str,
    about: &'static str,
    subject: &'static str,
    default_input: Option<DefaultInput>,
}

#[derive(Serialize)]
struct DefaultInput {
    kind: &'static str,
    #[serde(flatten)]
    amount: Size,
}

/// One entry, named by its unit.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Size {
    Bytes(u64),
    Records(u64),
}

impl Entry {
    fn of(job: &dyn AnyProgram) -> Self {
        let default_input = job.default_input().map(|(kind, shape)| DefaultInput {
            kind: kind.name(),
            amount: match shape.amount {
                Amount::Bytes(bytes) => Size::Bytes(bytes),
                Amount::Records(records) => Size::Records(records),
            },
        });
        Entry { name: job.name(), about: job.about(), subject: job.subject(), default_input }
    }
}
