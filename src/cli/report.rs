//! `twinmill report`: pages and tables from reports that were saved.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::CancelToken;
use crate::cli::args::ReportArgs;
use crate::cli::compare::comparison::Comparison;
use crate::cli::failure::{Failure, USAGE};
use crate::cli::signals::Supervisor;
use crate::runtime::places::Plan;

/// Reads the reports and writes them in the forms that were asked for.
///
/// # Errors
/// [`Failure`] where a report cannot be read, is none, or a form cannot be written.
pub fn report(args: &ReportArgs) -> Result<(), Failure> {
    let cancel = CancelToken::default();
    Plan { inputs: args.files.clone(), files: args.export.files(), ..Plan::default() }.check(&cancel)?;
    // A signal ends this at once, also where somebody is yet to write to a pipe: there is nothing to clean up.
    let comparisons = comparisons(&args.files)?;
    Supervisor::start()?.run(&cancel, || {
        args.export.check()?;
        args.export.write(&comparisons, &cancel)
    })
}

fn comparisons(files: &[PathBuf]) -> Result<Vec<Comparison>, Failure> {
    let mut comparisons = Vec::new();
    let mut runs = Vec::new();
    for path in files {
        let json = read(path)?;
        let refuse = |error| Failure::Message(format!("{} is no report: {error}", path.display()), USAGE);
        match &json["runs"] {
            Value::Array(_) if json["settings"].is_object() => {
                comparisons.push(Comparison::from_json(&json).map_err(refuse)?);
            }
            // A comparison of an earlier version.
            Value::Array(of_modes) => {
                comparisons.extend(Comparison::of_saved_runs(of_modes.clone()).map_err(refuse)?);
            }
            _ => {
                Comparison::of_saved_runs(vec![json.clone()]).map_err(refuse)?;
                runs.push(json);
            }
        }
    }
    let of_runs = Comparison::of_saved_runs(runs).map_err(|error| Failure::failed(error.to_string()))?;
    comparisons.extend(of_runs);
    Ok(comparisons)
}

fn read(path: &Path) -> Result<Value, Failure> {
    let json = fs::read(path).map_err(Failure::at("read", path))?;
    serde_json::from_slice(&json)
        .map_err(|error| Failure::Message(format!("{} is no report: {error}", path.display()), USAGE))
}
