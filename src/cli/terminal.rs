//! Writes for people: results to stdout, everything else to stderr. An output that its reader has closed is the
//! reader's choice and no error.

use std::fmt::Display;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;
use std::sync::OnceLock;

use serde::Serialize;

use crate::measure::failure::Failure;

/// The name of this command, once it is known.
static NAME: OnceLock<String> = OnceLock::new();

/// Gives the command its name, for its messages.
pub fn set_name(name: &str) {
    NAME.get_or_init(|| name.to_owned());
}

/// The name of this command.
pub fn name() -> &'static str {
    NAME.get().map_or("twinmill", String::as_str)
}

/// Prints a message that begins with the command's name, on stderr.
pub fn say(line: impl Display) {
    note(format_args!("{}: {line}", name()));
}

/// Writes a line to stderr.
pub fn note(line: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Writes to stdout. When its reader has gone, the rest is dropped.
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

/// Writes JSON to stdout, as people read it.
///
/// # Errors
/// As for [`to_stdout`].
pub fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let json = serde_json::to_string_pretty(value).expect("it has nothing but text and numbers");
    to_stdout(|out| writeln!(out, "{json}"))
}
