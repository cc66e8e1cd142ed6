//! `dumptb` and `loadtb`: files as typed bytes on standard output, and typed bytes on standard input as a `SequenceFile`.

use std::ffi::{OsStr, OsString};
use std::io::{self, BufWriter, Read, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::CancelToken;
use crate::cli::pending_file::{PendingFile, write_whole};
use crate::cli::terminal::{note, say};
use crate::config::ExistingOutput;
use crate::error::{Error, Result};
use crate::input::{Inputs, OpenFiles};
use crate::measure::failure::Failure;
use crate::streaming::globs::{expand, files_in, local};
use crate::streaming::reading::Reading;
use crate::streaming::records::typed_len;
use crate::streaming::sequence_file::{Packing, Writer};
use crate::streaming::writable::{Type, Writable};

/// Bytes that are gathered before they are printed.
const BUFFER_BYTES: usize = 256 << 10;

/// Prints the records of the file, or of the files in the directory, that a pattern names; of several the first alone, as Hadoop
/// does.
pub fn dump(words: &[OsString]) -> ExitCode {
    let Some(pattern) = words.first() else { return too_few("dumptb <glob-pattern>") };
    let Some(path) = expand(pattern).into_iter().next() else { return failed() };
    answered(files_in(&path).and_then(|files| dump_files(&files)).map_err(Failure::from))
}

fn dump_files(files: &[PathBuf]) -> Result<()> {
    let mut stdout = BufWriter::with_capacity(BUFFER_BYTES, io::stdout().lock());
    let (mut record, wrong) = (Vec::new(), |error: io::Error| Error::user(format!("cannot write: {error}")));
    Inputs::default().scan::<OpenFiles>(files, |mut file| {
        Reading::Auto.each(&mut file, |_, key, value| {
            record.clear();
            key.write_typed(&mut record);
            value.write_typed(&mut record);
            stdout.write_all(&record).map_err(wrong)
        })?;
        Ok(ControlFlow::Continue(()))
    })?;
    stdout.flush().map_err(wrong)
}

/// Writes the records on standard input into a new file.
pub fn load(words: &[OsString]) -> ExitCode {
    let Some(path) = words.first() else { return too_few("loadtb <path>") };
    if local(path).exists() {
        note("given path exists already!");
        return failed();
    }
    answered(load_into(path))
}

fn load_into(path: &OsStr) -> Result<(), Failure> {
    let path = local(path);
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes).map_err(|error| Error::user(format!("cannot read: {error}")))?;
    let mut writer = Writer::new((Type::Typed, Type::Typed), Packing::Plain, "loadtb");
    let (mut rest, mut out) = (bytes.as_slice(), Vec::new());
    let mut next = || -> Result<&[u8]> {
        let whole = typed_len(rest).and_then(|length| rest.split_at_checked(length));
        let (value, after) = whole.ok_or_else(|| Error::user("the typed bytes end within a value"))?;
        rest = after;
        Ok(value)
    };
    let total = bytes.len();
    let mut read = 0;
    while read < total {
        let (key, value) = (next()?, next()?);
        read += key.len() + value.len();
        writer.write(Writable::Typed(key), Writable::Typed(value), &mut out).map_err(Error::at("write", &path))?;
    }
    writer.finish(&mut out).map_err(Error::at("write", &path))?;
    write_whole(PendingFile::create(&path, ExistingOutput::Refuse)?, &path, &out, &CancelToken::default())
}

fn too_few(usage: &str) -> ExitCode {
    note("Too few arguments!");
    note(format_args!("Usage: mapred streaming {usage}"));
    note("Streaming Command Failed!");
    ExitCode::from(1)
}

fn failed() -> ExitCode {
    note("Streaming Command Failed!");
    ExitCode::from(255)
}

fn answered(outcome: Result<(), Failure>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say(failure);
            note("Streaming Command Failed!");
            ExitCode::from(1)
        }
    }
}
