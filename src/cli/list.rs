//! `twinmill list`: the jobs.

use serde_json::json;

use crate::cli::args::ListArgs;
use crate::cli::figures::{bytes, counted};
use crate::cli::terminal::to_stdout;
use crate::generate::{Amount, Kind, Shape};
use crate::measure::failure::Failure;
use crate::program::AnyProgram;

/// Prints each job with its purpose and its default input.
///
/// # Errors
/// [`Failure::Library`] where stdout cannot be written.
pub fn list(args: &ListArgs, jobs: &[Box<dyn AnyProgram>]) -> Result<(), Failure> {
    if args.json {
        let jobs: Vec<_> = jobs.iter().map(|job| json_of(job.as_ref())).collect();
        return to_stdout(|out| writeln!(out, "{:#}", json!(jobs)));
    }
    let width = jobs.iter().map(|job| job.name().len()).max().unwrap_or(0);
    to_stdout(|out| {
        jobs.iter().try_for_each(|job| {
            let input = match job.default_input() {
                Some((kind, shape)) => format!("default input: {}", describe(kind, &shape)),
                None => "needs --input".to_owned(),
            };
            writeln!(out, "{:width$}  {} [{input}]", job.name(), job.about())
        })
    })
}

/// `256 MiB of text`.
pub fn describe(kind: Kind, shape: &Shape) -> String {
    match shape.amount {
        Amount::Bytes(amount) => format!("{} of {kind}", bytes(amount)),
        Amount::Records(records) => format!("{} of {kind}", counted(records, "record")),
    }
}

fn json_of(job: &dyn AnyProgram) -> serde_json::Value {
    let default_input = job.default_input().map(|(kind, shape)| match shape.amount {
        Amount::Bytes(bytes) => json!({"kind": kind.name(), "bytes": bytes}),
        Amount::Records(records) => json!({"kind": kind.name(), "records": records}),
    });
    json!({"name": job.name(), "about": job.about(), "default_input": default_input})
}
