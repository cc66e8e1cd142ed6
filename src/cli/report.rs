//! `twinmill report`: pages and tables from reports that were saved.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::CancelToken;
use crate::cli::args::ReportArgs;
use crate::cli::document::{Document, Lecture};
use crate::cli::result::{self, Details};
use crate::measure::comparison::Comparison;
use crate::measure::failure::{Failure, USAGE};
use crate::measure::running::supervisor::Supervisor;
use crate::observe::report::Report;
use crate::runtime::places::Plan;

/// Reads the reports and writes them in the forms that were asked for, or else prints them.
///
/// # Errors
/// [`Failure`] where a report cannot be read, is none, or a form cannot be written.
pub fn report(args: &ReportArgs) -> Result<(), Failure> {
    let cancel = CancelToken::default();
    Plan { inputs: args.files.clone(), files: args.export.files(), ..Plan::default() }.check(&cancel)?;
    // A signal ends this at once, even while it waits for the writer of a pipe: there is nothing to clean up.
    let comparisons = comparisons(&args.files)?;
    if args.export.is_empty() {
        return comparisons.iter().try_for_each(|comparison| result::print(comparison, Details::Shown));
    }
    Supervisor::start()?.run(&cancel, || {
        args.export.check()?;
        args.export.write(&comparisons, &cancel)
    })
}

fn comparisons(files: &[PathBuf]) -> Result<Vec<Comparison>, Failure> {
    let mut comparisons = Vec::new();
    let mut runs = Vec::new();
    for path in files {
        let json = fs::read(path).map_err(Failure::at("read", path))?;
        let refuse = |why| Failure::Message(format!("{} is no report: {why}", path.display()), USAGE);
        match Saved::read(&json).map_err(refuse)? {
            Saved::Comparisons(of_file) => comparisons.extend(of_file),
            Saved::Run(run) => runs.push(*run),
        }
    }
    let of_runs = Comparison::of_saved_runs(runs).map_err(|error| Failure::failed(error.to_string()))?;
    comparisons.extend(of_runs);
    Ok(comparisons)
}

/// The content of a saved report.
enum Saved {
    Comparisons(Vec<Comparison>),
    Run(Box<Report>),
}

impl Saved {
    /// # Errors
    /// The reason why it is no report.
    fn read(json: &[u8]) -> Result<Self, String> {
        let text = |error: serde_json::Error| error.to_string();
        let mut json: Value = serde_json::from_slice(json).map_err(text)?;
        if json["comparisons"].is_array() {
            let lecture: Lecture = serde_json::from_value(json).map_err(text)?;
            let comparisons = lecture.comparisons.into_iter().map(Document::into_comparison);
            return Ok(Saved::Comparisons(comparisons.collect::<Result<_, _>>()?));
        }
        match &json["runs"] {
            Value::Array(_) if json["settings"].is_object() => {
                let document: Document = serde_json::from_value(json).map_err(text)?;
                Ok(Saved::Comparisons(vec![document.into_comparison()?]))
            }
            // A comparison of an earlier version, or of runs that were made one by one.
            Value::Array(_) => {
                let runs: Vec<Report> = serde_json::from_value(json["runs"].take()).map_err(text)?;
                let comparisons = Comparison::of_saved_runs(runs).map_err(|error| error.to_string())?;
                Ok(Saved::Comparisons(comparisons))
            }
            _ => {
                let run: Report = serde_json::from_value(json).map_err(text)?;
                Comparison::of_saved_runs(vec![run.clone()]).map_err(|error| error.to_string())?;
                Ok(Saved::Run(Box::new(run)))
            }
        }
    }
}
