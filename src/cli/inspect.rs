//! `twinmill inspect`: the content of run files, with all checksums verified.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use walkdir::WalkDir;

use crate::Error;
use crate::cli::args::InspectArgs;
use crate::cli::figures::{bytes, counted};
use crate::cli::terminal::{print_json, say, to_stdout};
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
                    files.push(File::Sound(contents.into()));
                } else {
                    to_stdout(|out| contents.print(out, args.partitions))?;
                }
            }
            Err(error) => {
                say(&error);
                files.push(File::Damaged { path: text_of(path), error: error.to_string() });
                damaged += 1;
            }
        }
    }
    if args.json {
        let partitions = total.partitions;
        let total = Total { files: paths.len() - damaged, damaged_files: damaged, partitions, sums: total };
        print_json(&Inspected { files, total })?;
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
}

/// All that was looked at, as JSON.
#[derive(Serialize)]
struct Inspected {
    files: Vec<File>,
    total: Total,
}

#[derive(Serialize)]
#[serde(untagged)]
enum File {
    Sound(Sound),
    Damaged { path: String, error: String },
}

#[derive(Serialize)]
struct Sound {
    path: String,
    checksums: &'static str,
    owner: String,
    #[serde(flatten)]
    sums: Sums,
    partitions: Vec<Sums>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    first_records: Vec<FirstRecord>,
}

#[derive(Serialize)]
struct FirstRecord {
    partition: u32,
    key: String,
    value: String,
}

#[derive(Serialize)]
struct Total {
    files: usize,
    damaged_files: usize,
    partitions: u64,
    #[serde(flatten)]
    sums: Sums,
}

impl From<Contents> for Sound {
    fn from(contents: Contents) -> Self {
        let sums = contents.sums();
        let Contents { path, owner, partitions, first } = contents;
        let record = |(partition, key, value)| FirstRecord { partition, key, value };
        let first_records = first.into_iter().map(record).collect();
        Sound { path: text_of(&path), checksums: "ok", owner, sums, partitions, first_records }
    }
}

fn text_of(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Sums over partitions.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Sums {
    #[serde(skip)]
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
}

impl std::fmt::Display for Sums {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, {}", counted(self.partitions, "partition"), self.without_partitions())
    }
}
