//! Writing for people: results to stdout, everything else to stderr. An output that its reader has closed is the reader's
//! choice and no error.

use std::fmt::Display;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;

use crate::cli::failure::Failure;

/// Writes a line to stderr.
pub fn note(line: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Writes to stdout. When its reader has gone, what is left is dropped.
///
/// # Errors
/// [`Failure::Library`] where stdout cannot be written for another reason.
pub fn to_stdout(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let mut stdout = BufWriter::new(io::stdout().lock());
    match write(&mut stdout).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::at("write", Path::new("stdout"))(error)),
        _ => Ok(()),
    }
}
