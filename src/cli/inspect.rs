//! `twinmill inspect`: the content of run files, with all checksums verified.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use walkdir::WalkDir;

use crate::Error;
use crate::cli::args::InspectArgs;
use crate::cli::figures::{bytes, counted};
use crate::cli::terminal::{say, to_stdout};
use crate::measure::failure::Failure;
use crate::store::run_file::RunFile;

const EXTENSION: &str = "run";

/// Reads every block of the files, and prints their content.
///
/// # Errors
/// [`Failure`] where there are no run files or a file is damaged; the others are printed all the same.
pub fn inspect(args: &InspectArgs) -> Result<(), Failure> {
    let paths = run_files(&args.paths)?;
    let mut total = Sums::default();
    let (mut files, mut damaged) = (Vec::new(), 0);
    for path in &paths {
        match Contents::read(path, args.records) {
            Ok(contents) => {
                total.add(&contents.sums());
                if args.json {
                    files.push(contents.json());
                } else {
                    to_stdout(|out| contents.print(out, args.partitions))?;
                }
            }
            Err(error) => {
                say(&error);
                files.push(json!({"path": path.to_string_lossy(), "error": error.to_string()}));
                damaged += 1;
            }
        }
    }
    if args.json {
        let mut sums =
            json!({"files": paths.len() - damaged, "damaged_files": damaged, "partitions": total.partitions});
        total.add_to(&mut sums);
        let all = json!({"files": files, "total": sums});
        to_stdout(|out| writeln!(out, "{all:#}"))?;
    } else {
        to_stdout(|out| writeln!(out, "total: {}, {total}", counted((paths.len() - damaged) as u64, "sound file")))?;
    }
    if damaged > 0 {
        return Err(Failure::failed(format!("{} cannot be read as runs", counted(damaged as u64, "file"))));
    }
    Ok(())
}

/// The files themselves and, in byte order of their paths, the run files below directories.
fn run_files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for root in paths {
        let kind = fs::metadata(root).map_err(Failure::at("open", root))?.file_type();
        if !kind.is_dir() && !kind.is_file() {
            return Err(Failure::at("read", root)(io::Error::other("it is neither a file nor a directory")));
        }
        if kind.is_file() {
            files.push(root.clone());
            continue;
        }
        let before = files.len();
        for entry in WalkDir::new(root).sort_by_file_name() {
            let entry = entry.map_err(|error| {
                let path = error.path().unwrap_or(root).to_owned();
                let cause = error.into_io_error().unwrap_or_else(|| io::Error::other("symbolic links form a loop"));
                Failure::at("read", &path)(cause)
            })?;
            if entry.file_type().is_file() && entry.path().extension().is_some_and(|extension| extension == EXTENSION) {
                files.push(entry.into_path());
            }
        }
        if files.len() == before {
            let message = format!("no run files below {}; run a job with --keep-intermediates", root.display());
            return Err(Failure::failed(message));
        }
    }
    Ok(files)
}

/// The content of a run file.
struct Contents {
    path: PathBuf,
    /// The run's owner: a hash.
    owner: String,
    partitions: Vec<Sums>,
    /// (partition, key, value) of the first records, escaped.
    first: Vec<(u32, String, String)>,
}

impl Contents {
    /// Reads the whole file, which checks every checksum.
    fn read(path: &Path, records: u64) -> Result<Self, Error> {
        let file = RunFile::open(path)?;
        let (mut partitions, mut first) = (Vec::new(), Vec::new());
        for (number, index) in (0..).zip(file.index()) {
            let blocks = file.for_each_record(number, |key, value| {
                if (first.len() as u64) < records {
                    first.push((number, key.escape_ascii().to_string(), value.escape_ascii().to_string()));
                }
                Ok(())
            })?;
            partitions.push(Sums {
                partitions: 1,
                records: index.records,
                record_bytes: index.record_bytes,
                stored_bytes: index.stored_bytes,
                blocks,
            });
        }
        Ok(Contents { path: path.to_owned(), owner: file.owner().to_string(), partitions, first })
    }

    fn sums(&self) -> Sums {
        let mut sums = Sums::default();
        self.partitions.iter().for_each(|partition| sums.add(partition));
        sums
    }

    fn print(&self, out: &mut dyn Write, partitions: bool) -> io::Result<()> {
        writeln!(out, "{}: {}, checksums ok, owner {}", self.path.display(), self.sums(), self.owner)?;
        if partitions {
            for (number, partition) in self.partitions.iter().enumerate() {
                writeln!(out, "  partition {number}: {}", partition.without_partitions())?;
            }
        }
        for (partition, key, value) in &self.first {
            writeln!(out, "  [{partition}] \"{key}\" → \"{value}\"")?;
        }
        Ok(())
    }

    fn json(&self) -> Value {
        let mut json = json!({"path": self.path.to_string_lossy(), "checksums": "ok", "owner": self.owner});
        self.sums().add_to(&mut json);
        json["partitions"] = self.partitions.iter().map(Sums::json).collect();
        if !self.first.is_empty() {
            let record = |(partition, key, value): &_| json!({"partition": partition, "key": key, "value": value});
            json["first_records"] = self.first.iter().map(record).collect();
        }
        json
    }
}

/// Sums over partitions.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    partitions: u64,
    records: u64,
    record_bytes: u64,
    stored_bytes: u64,
    blocks: u64,
}

impl Sums {
    fn add(&mut self, other: &Sums) {
        self.partitions += other.partitions;
        self.records += other.records;
        self.record_bytes += other.record_bytes;
        self.stored_bytes += other.stored_bytes;
        self.blocks += other.blocks;
    }

    fn without_partitions(&self) -> String {
        format!(
            "{}, {} of records in {} stored, {}",
            counted(self.records, "record"),
            bytes(self.record_bytes),
            bytes(self.stored_bytes),
            counted(self.blocks, "block"),
        )
    }

    fn json(&self) -> Value {
        let mut json = json!({});
        self.add_to(&mut json);
        json
    }

    fn add_to(&self, json: &mut Value) {
        json["records"] = self.records.into();
        json["record_bytes"] = self.record_bytes.into();
        json["stored_bytes"] = self.stored_bytes.into();
        json["blocks"] = self.blocks.into();
    }
}

impl std::fmt::Display for Sums {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, {}", counted(self.partitions, "partition"), self.without_partitions())
    }
}
