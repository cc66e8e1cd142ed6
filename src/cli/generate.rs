//! `twinmill gen`: inputs of any size.

use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::CancelToken;
use crate::cli::args::{GenerateArgs, kind_lines};
use crate::cli::figures::bytes;
use crate::cli::generated_directory;
use crate::cli::pending_file::PendingFile;
use crate::cli::terminal::{self, hanging, note, to_stdout};
use crate::config::ExistingOutput;
use crate::generate::{Kind, Shape};
use crate::measure::failure::Failure;
use crate::measure::running::supervisor::Supervisor;

/// `twinmill gen KIND`, resolved.
#[derive(Debug)]
pub struct GenerateOptions {
    kind: Kind,
    shape: Shape,
    seed: u64,
    out: PathBuf,
    existing: ExistingOutput,
}

impl GenerateOptions {
    /// Resolves the arguments.
    ///
    /// # Errors
    /// A message that names an option which means nothing to the kind, or is out of range.
    pub fn of(args: GenerateArgs) -> Result<Self, String> {
        use Kind::{
            AccessLog, Documents, Graph, LabelledPoints, LabelledText, Matrices, Orders, Points, Ratings, Text,
        };
        let (Some(kind), Some(out)) = (args.kind, args.out) else { return Err("a kind and --out are needed".into()) };
        let for_kinds = [
            ("--vocabulary", args.vocabulary.is_some(), &[Text, Documents, LabelledText][..]),
            ("--zipf", args.zipf.is_some(), &[Text, Documents, LabelledText, Graph, AccessLog, Orders, Ratings]),
            ("--nodes", args.nodes.is_some(), &[Graph, Matrices, Ratings]),
            ("--dimensions", args.dimensions.is_some(), &[Points, LabelledPoints]),
            ("--clusters", args.clusters.is_some(), &[Points]),
            ("--customers", args.customers.is_some(), &[Orders]),
            ("--matches", args.matches.is_some(), &[Orders]),
        ];
        if let Some((option, ..)) = for_kinds.iter().find(|(_, given, kinds)| *given && !kinds.contains(&kind)) {
            return Err(format!("{option} means nothing to kind {kind}"));
        }
        if args.zipf.is_some_and(|exponent| !(0.0..=10.0).contains(&exponent)) {
            return Err("--zipf must be from 0 to 10".into());
        }
        if args.matches.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
            return Err("--matches must be from 0 to 1".into());
        }
        let mut shape = match (args.records, args.size) {
            (Some(records), _) => Shape::records(records),
            (None, size) => Shape::bytes(size.map_or(0, |size| size.0)),
        };
        shape.vocabulary_words = args.vocabulary.unwrap_or(shape.vocabulary_words);
        shape.zipf_exponent = args.zipf.unwrap_or(shape.zipf_exponent);
        shape.nodes = args.nodes;
        shape.dimensions = args.dimensions.unwrap_or(shape.dimensions);
        shape.clusters = args.clusters.unwrap_or(shape.clusters);
        shape.customers = args.customers.unwrap_or(shape.customers);
        shape.matches = args.matches.unwrap_or(shape.matches);
        let existing = if args.overwrite { ExistingOutput::Overwrite } else { ExistingOutput::Refuse };
        Ok(GenerateOptions { kind, shape, seed: args.seed, out, existing })
    }
}

/// Prints the kinds, a line each.
///
/// # Errors
/// [`Failure::Library`] where stdout cannot be written.
pub fn list() -> Result<(), Failure> {
    let width = Kind::ALL.iter().map(|kind| kind.name().len()).max().unwrap_or(0) + 2;
    to_stdout(|out| kind_lines().try_for_each(|line| writeln!(out, "{}", hanging(&line, width, terminal::width()))))
}

/// Writes the input to a file, a directory or to stdout.
///
/// # Errors
/// Any failure; there is no file then.
pub fn generate(options: GenerateOptions) -> Result<(), Failure> {
    let GenerateOptions { kind, shape, seed, out, existing } = options;
    let (mut supervisor, cancel) = (Supervisor::start()?, CancelToken::default());
    if kind.is_directory() && out != Path::new("-") {
        let what = (kind, &shape, seed);
        let written = supervisor.run(&cancel, || generated_directory::write(&out, existing, what, &cancel))?;
        note(format_args!("{} of {kind} in {}", bytes(written), out.display()));
        return Ok(());
    }
    let mut file = PendingFile::create(&out, existing)?;
    let written = supervisor.run(&cancel, || {
        let mut writer = BufWriter::new(file.writer(&cancel)?);
        let written = write(kind, &shape, seed, &mut writer, &cancel);
        let written = written.and_then(|written| writer.flush().map(|()| written));
        // Writing the rest of the buffer would fail again.
        drop(writer.into_parts());
        match written {
            // The reader has closed the pipe.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(None),
            written => written.map_err(Failure::at("write", &out)).and_then(|written| {
                file.commit()?;
                Ok(Some(written))
            }),
        }
    })?;
    match written {
        Some(written) if out != Path::new("-") => {
            note(format_args!("{} of {kind} in {}", bytes(written), out.display()));
        }
        _ => {}
    }
    Ok(())
}

/// Generates until the token is cancelled; returns the bytes written.
///
/// # Errors
/// Those of `out`.
pub fn write(kind: Kind, shape: &Shape, seed: u64, out: &mut dyn Write, cancel: &CancelToken) -> io::Result<u64> {
    crate::generate::generate(kind, shape, seed, &mut Cancellable { out, cancel })
}

/// Fails the next write once the token is cancelled.
struct Cancellable<'a> {
    out: &'a mut dyn Write,
    cancel: &'a CancelToken,
}

impl Write for Cancellable<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.cancel.is_cancelled() {
            return Err(io::Error::other("cancelled"));
        }
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
