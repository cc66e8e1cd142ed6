//! Explains why a program failed: how it ended, what it had read, what it said, and what is usually the cause.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use crate::error::{Error, Excerpt};
use crate::streaming::debug_script;
use crate::streaming::job::Command;
use crate::streaming::place::Workspace;
use crate::streaming::words::shell_sign;

/// The way in which a program failed.
#[derive(Debug)]
pub enum Ending {
    /// It could not be started.
    Start(io::Error),
    /// It ended with a status other than 0.
    Status(ExitStatus),
    /// It ended, or closed its input, with input left.
    Deaf(ExitStatus),
    /// It gave no sign of life.
    Silent(String),
}

/// The attempt whose program failed.
pub struct Attempt<'a> {
    command: &'a Command,
    workspace: &'a Workspace,
}

impl<'a> Attempt<'a> {
    pub fn new(command: &'a Command, workspace: &'a Workspace) -> Self {
        Attempt { command, workspace }
    }
}

/// What the program had been given, and what it said.
#[derive(Debug, Default)]
pub struct Given {
    /// The file and the offset up to which it took bytes.
    pub place: Option<(PathBuf, u64)>,
    /// The end of what was written to it last.
    pub tail: Vec<u8>,
    pub last_words: Vec<String>,
    pub bytes: u64,
    /// Offset in its file of the first byte that was given to it, and the number of them.
    pub range: Option<(u64, u64)>,
}

/// The error of a failed program. What cannot be started is not tried again.
pub fn failure(attempt: &Attempt<'_>, ending: Ending, given: &Given) -> Error {
    let mut text = format!("the {} `{}` ", attempt.workspace.kind().name(), attempt.command.shown);
    text.push_str(&how(&ending));
    if given.bytes > 0 {
        text.push_str("\n  ");
        text.push_str(&had_read(given));
    } else if !matches!(ending, Ending::Start(_)) {
        text.push_str("\n  it had read nothing");
    }
    match given.last_words.as_slice() {
        [] => {}
        words => {
            text.push_str("\n  its last words on standard error:");
            words.iter().for_each(|line| text.extend(["\n    ", line]));
        }
    }
    if let Some(cause) = cause(attempt, &ending, given) {
        text.extend(["\n  cause: ", &cause]);
    }
    if !matches!(ending, Ending::Start(_)) {
        let repeat = attempt.workspace.repeat(attempt.command, given.range);
        text.extend(["\n  to repeat this task alone: ", &repeat]);
    }
    if let Some(script) = attempt.workspace.debug_script() {
        let said = debug_script::run(script, attempt.workspace, &given.last_words, &text);
        text.extend(["\n  the debug script `", &script.shown, "` says:"]);
        said.lines().for_each(|line| text.extend(["\n    ", line]));
    }
    if matches!(ending, Ending::Start(_)) { Error::wrong_input(text) } else { Error::user(text) }
}

fn how(ending: &Ending) -> String {
    match ending {
        Ending::Start(error) => format!("cannot be started: {error}"),
        Ending::Status(status) => match status.signal() {
            Some(signal) => {
                format!("was ended by signal {signal}: subprocess failed with code {}", java_status(*status))
            }
            None => format!("failed: subprocess failed with code {}", java_status(*status)),
        },
        Ending::Deaf(status) if status.success() => "ended before it had read its input: Broken pipe".into(),
        Ending::Deaf(status) => {
            format!("ended before it had read its input: subprocess failed with code {}", java_status(*status))
        }
        Ending::Silent(limit) => format!("{limit} without reading, printing or saying anything"),
    }
}

/// Names the record that was read last: programs read ahead, so it is the last that they can have seen.
fn had_read(given: &Given) -> String {
    let place = given.place.as_ref().and_then(|(path, offset)| line_at(path, *offset).ok());
    match (place, &given.place) {
        (Some((number, line)), Some((path, _))) => {
            format!("the last record it had read: line {number} of {}: {}", path.display(), Excerpt(&line))
        }
        (None, Some((path, offset))) => format!("it had read up to offset {offset} of {}", path.display()),
        _ => {
            let tail = given.tail.strip_suffix(b"\n").unwrap_or(&given.tail);
            let last = memchr::memrchr(b'\n', tail).map_or(tail, |end| &tail[end + 1..]);
            format!("the last record it was given: {}", Excerpt(last))
        }
    }
}

/// The line that ends at, or covers, an offset, and its number from 1.
fn line_at(path: &Path, offset: u64) -> io::Result<(u64, Vec<u8>)> {
    // Lines of compressed files are not counted.
    const MAGIC: [&[u8]; 4] = [b"\x1f\x8b", b"BZh", b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18"];
    let mut file = File::open(path)?;
    let mut beginning = [0; 4];
    let read = file.read(&mut beginning)?;
    if MAGIC.iter().any(|magic| beginning[..read].starts_with(magic)) {
        return Err(ErrorKind::InvalidData.into());
    }
    let mut file = BufReader::new(File::open(path)?);
    let (mut number, mut at, mut line) = (0, 0, Vec::new());
    while at < offset.max(1) {
        line.clear();
        let read = file.read_until(b'\n', &mut line)? as u64;
        if read == 0 {
            break;
        }
        at += read;
        number += 1;
    }
    while line.last().is_some_and(|last| matches!(last, b'\n' | b'\r')) {
        line.pop();
    }
    Ok((number, line))
}

/// The usual cause of such a failure, in words.
fn cause(attempt: &Attempt<'_>, ending: &Ending, given: &Given) -> Option<String> {
    let words = &attempt.command.words;
    if let Some(sign) = shell_sign(words) {
        let sign = String::from_utf8_lossy(sign);
        return Some(format!("`{sign}` is for a shell, and no shell reads the command; write bash -c '…'"));
    }
    let program = program_path(attempt.command)?;
    let found = attempt.workspace.find(&program);
    if let Ending::Start(error) = ending {
        return Some(start_cause(error, &program, found.as_deref()));
    }
    let python = given.last_words.iter().any(|line| line.starts_with("Traceback (most recent call last)"));
    if python {
        let last = given.last_words.iter().rev().find(|line| !line.starts_with(' ') && !line.is_empty())?;
        return Some(format!("Python's exception: {last}"));
    }
    if let Some(script) = missing_script(attempt, given) {
        return Some(format!(
            "{} does not find {script}: it works in a directory of its own; ship the script with -files, or name its whole path",
            program.display()
        ));
    }
    if let Ending::Status(status) | Ending::Deaf(status) = ending
        && let (Some(found), Some(2 | 126 | 127)) = (&found, status.code())
        && let Some(cause) = script_cause(&program, found)
    {
        return Some(cause);
    }
    match ending {
        Ending::Status(status) | Ending::Deaf(status) => match status.code() {
            Some(127) => Some("a shell did not find a command in it (status 127)".into()),
            Some(126) => Some("a shell could not run a command in it (status 126): is the file executable?".into()),
            Some(0) => Some(
                "it ended, as `head` does, while there was input left (EPIPE); read all of the input, or pass \
                 -D stream.minRecWrittenToEnableSkip_=1"
                    .into(),
            ),
            Some(status) => Some(format!("it ended with exit status {status}, which is its own choice")),
            None if status.signal() == Some(9) => Some("it was killed: by hand, or because memory ran out".into()),
            None if status.signal() == Some(11) => Some("it crashed: a bad access to memory".into()),
            None => None,
        },
        Ending::Silent(_) => {
            Some("it hangs; allow more with -D mapreduce.task.timeout=MILLISECONDS, 0 for ever".into())
        }
        Ending::Start(_) => None,
    }
}

/// How interpreters say that a script is not there, in lower case: Python, `sh`, Perl, R, Ruby, node.
const NOT_THERE: [&str; 4] = ["can't open", "cannot open", "no such file", "cannot find"];

/// The script that the command names after its interpreter, if it is not there and the program says so. A program may also
/// repeat such a word for another reason, as `awk` does with a text that it cannot parse.
fn missing_script(attempt: &Attempt<'_>, given: &Given) -> Option<String> {
    let script = attempt.command.words.iter().skip(1).find(|word| !word.starts_with(b"-"))?;
    if attempt.workspace.find(Path::new(OsStr::from_bytes(script))).is_some() {
        return None;
    }
    let script = String::from_utf8_lossy(script);
    let says_so = |line: &String| {
        let words = line.to_lowercase();
        line.contains(&*script) && NOT_THERE.iter().any(|not_there| words.contains(not_there))
    };
    given.last_words.iter().any(says_so).then(|| script.into_owned())
}

fn start_cause(error: &io::Error, program: &Path, found: Option<&Path>) -> String {
    let name = program.display();
    let Some(found) = found else {
        return format!(
            "{name} is neither in the task's directory nor on the PATH; ship it with -file {name}, or name its whole path"
        );
    };
    let first_line = first_line(found);
    let executable = found.metadata().is_ok_and(|file| file.permissions().mode() & 0o111 != 0);
    match error.kind() {
        _ if !executable => format!("{name} is not executable; run chmod +x {name}"),
        ErrorKind::NotFound if first_line.starts_with(b"#!") && first_line.ends_with(b"\r") => cr_lf(program),
        ErrorKind::NotFound if first_line.starts_with(b"#!") => {
            let interpreter = String::from_utf8_lossy(&first_line[2..]);
            format!("the interpreter that {name} names is not there: {}", interpreter.trim())
        }
        _ if error.raw_os_error() == Some(nix::libc::E2BIG) => {
            "the environment is too large for a process; set -D stream.jobconf.truncate.limit=1000".into()
        }
        _ => format!("the system refused {}", found.as_os_str().as_bytes().escape_ascii()),
    }
}

/// What is wrong with the first line of a script that was started all the same, if anything is.
fn script_cause(program: &Path, found: &Path) -> Option<String> {
    let first_line = first_line(found);
    if first_line.starts_with(b"#!") {
        return first_line.ends_with(b"\r").then(|| cr_lf(program));
    }
    let is_text = !first_line.is_empty() && std::str::from_utf8(&first_line).is_ok_and(|line| !line.contains('\0'));
    is_text.then(|| {
        let name = program.display();
        format!(
            "{name} does not begin with a line such as #!/usr/bin/env python3, so a shell ran it; add the line, or name the \
             interpreter: python3 {name}"
        )
    })
}

/// The first line of a file, or as much of it as the system looks at.
fn first_line(file: &Path) -> Vec<u8> {
    let mut beginning = [0; 256];
    let read = File::open(file).and_then(|mut file| file.read(&mut beginning)).unwrap_or_default();
    beginning[..read].split(|byte| *byte == b'\n').next().unwrap_or_default().to_vec()
}

fn cr_lf(program: &Path) -> String {
    let name = program.display();
    format!("the first line of {name} ends with CR LF, so its interpreter is not found; convert it (dos2unix {name})")
}

/// How a process ended, in Java's view.
fn java_status(status: ExitStatus) -> i32 {
    status.code().or(status.signal().map(|signal| 128 + signal)).unwrap_or(-1)
}

/// The path of the program that a command names.
fn program_path(command: &Command) -> Option<PathBuf> {
    command.words.first().map(|word| PathBuf::from(OsStr::from_bytes(word)))
}
