//! The default input of a job: generated once, kept in the user's cache directory, found again by its name.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::cli::list::describe;
use crate::cli::options::Task;
use crate::cli::pending_file::PendingFile;
use crate::cli::terminal::note;
use crate::cli::{generate, generated_directory};
use crate::config::ExistingOutput;
use crate::generate::{Amount, Kind, Shape};
use crate::measure::failure::Failure;
use crate::runtime::beside;
use crate::runtime::lock_file::{Hold, LockFile, Taken};
use crate::{CancelToken, Error};

const SEED: u64 = 1;
/// Version of the generators' output, so that a file of an older twinmill is not taken for a new one.
const GENERATION: u32 = 1;

/// The default input made so many times as large, which exists then.
///
/// # Errors
/// [`Failure::Library`] where it cannot be written.
pub fn resolve_scaled(
    task: &Task<'_>,
    factor: f64,
    quiet: bool,
    cancel: &CancelToken,
) -> Result<Vec<PathBuf>, Failure> {
    let generate = |(kind, shape)| generated(kind, &grown(shape, factor), quiet, cancel);
    of_job(task)?.into_iter().map(generate).collect()
}

/// The default input made so many bytes large, about, which exists then.
///
/// # Errors
/// As for [`resolve_scaled`].
pub fn resolve_of_size(
    task: &Task<'_>,
    bytes: u64,
    quiet: bool,
    cancel: &CancelToken,
) -> Result<Vec<PathBuf>, Failure> {
    resolve_scaled(task, part_of_size(task, bytes)?, quiet, cancel)
}

/// The part of the default input that has about so many bytes.
///
/// # Errors
/// [`Error::Config`] where there is no default input.
pub fn part_of_size(task: &Task<'_>, bytes: u64) -> Result<f64, Failure> {
    let bytes_of = |(kind, shape): (Kind, Shape)| match shape.amount {
        Amount::Bytes(bytes) => bytes as f64,
        Amount::Records(records) => records as f64 * record_bytes(kind),
    };
    let whole: f64 = of_job(task)?.into_iter().map(bytes_of).sum();
    Ok(bytes as f64 / whole.max(1.0))
}

/// About so many bytes has a record of a kind whose amount may be a number of records.
fn record_bytes(kind: Kind) -> f64 {
    match kind {
        Kind::Graph => 11.0,
        Kind::Ratings => 13.0,
        Kind::Matrices => 19.0,
        Kind::Customers => 36.0,
        Kind::Points | Kind::LabelledPoints => 95.0,
        Kind::Terasort => 100.0,
        _ => 50.0,
    }
}

fn grown(mut shape: Shape, factor: f64) -> Shape {
    let grown = |n: u64| ((n as f64 * factor).round() as u64).max(1);
    shape.amount = match shape.amount {
        Amount::Bytes(bytes) => Amount::Bytes(grown(bytes)),
        Amount::Records(records) => Amount::Records(grown(records)),
    };
    // A graph keeps its number of edges a node.
    shape.nodes = shape.nodes.map(|nodes| u32::try_from(grown(u64::from(nodes))).unwrap_or(u32::MAX));
    shape
}

/// The task's inputs, or the paths of its default inputs, which exist then.
///
/// # Errors
/// [`Failure::Library`] where the default input cannot be written.
pub fn resolve(task: &Task<'_>, quiet: bool, cancel: &CancelToken) -> Result<Vec<PathBuf>, Failure> {
    resolve_part(task, 1.0, quiet, cancel)
}

/// The task's inputs, or the paths of its default inputs in a part of their size, which exist then.
///
/// # Errors
/// As for [`resolve`].
pub fn resolve_part(task: &Task<'_>, part: f64, quiet: bool, cancel: &CancelToken) -> Result<Vec<PathBuf>, Failure> {
    if !task.inputs.is_empty() || !task.job.reads_input() {
        return Ok(task.inputs.clone());
    }
    resolve_scaled(task, part, quiet, cancel)
}

/// The kinds and shapes of the job's default inputs.
fn of_job(task: &Task<'_>) -> Result<Vec<(Kind, Shape)>, Error> {
    let none = || Error::Config(format!("{} has no default input; name one with --input", task.job.name()));
    let mut all = vec![task.job.default_input().ok_or_else(none)?];
    all.append(&mut task.job.further_default_inputs());
    Ok(all)
}

fn generated(kind: Kind, shape: &Shape, quiet: bool, cancel: &CancelToken) -> Result<PathBuf, Failure> {
    let dir = cache_dir();
    let path = dir.join(file_name(kind, shape));
    let tell = |verb: &str| {
        if !quiet {
            note(format_args!("no --input: {verb} {} in {}", describe(kind, shape), path.display()));
        }
    };
    if path.exists() {
        tell("reading");
        return Ok(path);
    }
    fs::create_dir_all(&dir).map_err(Failure::at("create", &dir))?;
    let _turn = wait_for_turn(&path, quiet, cancel)?;
    if path.exists() {
        tell("reading");
        return Ok(path);
    }
    tell("generating");
    if kind.is_directory() {
        generated_directory::write(&path, ExistingOutput::Refuse, (kind, shape, SEED), cancel)?;
        return Ok(path);
    }
    let mut file = PendingFile::create(&path, ExistingOutput::Overwrite)?;
    let written = generate::write(kind, shape, SEED, &mut file.writer(cancel)?, cancel);
    // Synced, so that a power failure does not leave the name without the bytes.
    written.and_then(|_| file.sync()).map_err(Failure::at("write", &path))?;
    file.commit()?;
    Ok(path)
}

/// Waits while another process generates the same file. `None` where there are no locks: each process generates it
/// then, and the last one's file stays.
fn wait_for_turn(path: &Path, quiet: bool, cancel: &CancelToken) -> Result<Option<LockFile>, Failure> {
    const BETWEEN_LOOKS: Duration = Duration::from_millis(20);
    // Not the name of something that is being made beside the input: a directory could not be made then.
    let mut name = OsString::from(".turn-");
    name.push(beside::prefix(path.file_name().unwrap_or_default()));
    name.push("lock");
    let lock = path.with_file_name(name);
    let mut told = quiet;
    loop {
        match LockFile::take(&lock, Hold::Alone) {
            Ok(Taken::Mine(lock)) => return Ok(Some(lock)),
            Ok(Taken::Other(_)) if cancel.is_cancelled() => return Err(Error::Cancelled.into()),
            Ok(Taken::Other(_)) => {
                if !told {
                    note(format_args!("no --input: another process is generating {}", path.display()));
                    told = true;
                }
                thread::sleep(BETWEEN_LOOKS);
            }
            Err(_) => return Ok(None),
        }
    }
}

/// `$XDG_CACHE_HOME/twinmill`, else `~/.cache/twinmill`, else `twinmill` in the directory for temporary files.
pub fn cache_dir() -> PathBuf {
    let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")));
    cache.unwrap_or_else(env::temp_dir).join("twinmill")
}

/// A name made of everything that the bytes depend on.
fn file_name(kind: Kind, shape: &Shape) -> String {
    let amount = match shape.amount {
        Amount::Bytes(bytes) => format!("{bytes}-bytes"),
        Amount::Records(records) => format!("{records}-records"),
    };
    let form = match kind {
        Kind::Text | Kind::Documents | Kind::LabelledText => {
            format!("-{}-words-zipf-{}", shape.vocabulary_words, shape.zipf_exponent)
        }
        Kind::Terasort => String::new(),
        Kind::Graph | Kind::Matrices | Kind::Ratings => {
            let nodes = shape.nodes.map(|nodes| format!("-{nodes}-nodes")).unwrap_or_default();
            format!("{nodes}-zipf-{}", shape.zipf_exponent)
        }
        Kind::LabelledPoints => format!("-{}-dimensions", shape.dimensions),
        Kind::Points => format!("-{}-dimensions-{}-clusters", shape.dimensions, shape.clusters),
        Kind::AccessLog => format!("-zipf-{}", shape.zipf_exponent),
        Kind::Orders => {
            format!("-{}-customers-{}-match-zipf-{}", shape.customers, shape.matches, shape.zipf_exponent)
        }
        Kind::Customers => String::new(),
    };
    format!("{kind}-{amount}{form}-seed-{SEED}-v{GENERATION}")
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::jobs;

    #[test]
    fn the_name_says_what_the_bytes_depend_on() {
        let name = file_name(Kind::Text, &Shape::bytes(1000));
        assert_eq!(name, "text-1000-bytes-200000-words-zipf-1-seed-1-v1");
        assert_ne!(name, file_name(Kind::Text, &Shape::records(1000)));
        let mut shape = Shape::records(8);
        let without = file_name(Kind::Graph, &shape);
        shape.nodes = Some(3);
        assert_ne!(without, file_name(Kind::Graph, &shape));
    }

    #[test]
    fn records_have_about_the_bytes_that_a_size_in_bytes_counts_on() {
        const RECORDS: u64 = 20_000;
        let jobs = jobs::all();
        let inputs = jobs.iter().flat_map(|job| job.default_input().into_iter().chain(job.further_default_inputs()));
        for (kind, shape) in inputs {
            let Amount::Records(records) = shape.amount else { continue };
            let shape = grown(shape, RECORDS as f64 / records as f64);
            let bytes = crate::generate::generate(kind, &shape, SEED, &mut io::sink()).unwrap();
            let of_record = bytes as f64 / RECORDS as f64;
            assert!((0.75..1.25).contains(&(of_record / record_bytes(kind))), "{}: {of_record}", kind.name());
        }
    }

    #[test]
    fn a_grown_graph_keeps_its_edges_a_node() {
        let mut shape = Shape::records(1000);
        shape.nodes = Some(100);
        let grown = grown(shape, 2.5);
        assert_eq!((grown.amount, grown.nodes), (Amount::Records(2500), Some(250)));
    }
}
