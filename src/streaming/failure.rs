//! Explains why a program failed: how it ended, what it had read, what it said, and what is usually the cause.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use crate::error::Error;
use crate::streaming::again::{Line, TaskBytes};
use crate::streaming::debug_script;
use crate::streaming::job::Command;
use crate::streaming::place::Workspace;
use crate::streaming::python;
use crate::streaming::reach::Reach;
use crate::streaming::words::shell_sign;

/// Lines of standard error that are shown.
const SHOWN_LINES: usize = 20;

/// The way in which a program failed.
#[derive(Debug)]
pub enum Ending {
    /// It could not be started.
    Start(io::Error),
    /// It ended with a status other than 0.
    Status(ExitStatus),
    /// It ended, or closed its input, with input left.
    Deaf(ExitStatus),
    /// It gave no sign of life for so long.
    Silent(Duration),
    /// The attempt took longer than it may (`--task-timeout`).
    Late(Duration),
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
    pub reach: Reach,
    /// Its last lines on standard error.
    pub last_words: Vec<String>,
    /// What a line that does its task again gives it.
    pub task_bytes: TaskBytes,
}

/// The error of a failed program. What cannot be started is not tried again.
pub fn failure(attempt: &Attempt<'_>, ending: Ending, given: &Given) -> Error {
    let mut text = format!("the {} `{}` ", attempt.workspace.kind().name(), attempt.command.shown);
    text.push_str(&how(&ending));
    if !matches!(ending, Ending::Start(_)) {
        text.extend(["\n  ", &given.reach.in_words()]);
    }
    match &given.last_words[given.last_words.len().saturating_sub(SHOWN_LINES)..] {
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
        let limit = if let Ending::Late(limit) = &ending { Some(*limit) } else { None };
        text.push_str(&match attempt.workspace.repeat(attempt.command, given.task_bytes, limit) {
            Ok(Line { line, but }) => {
                let but = but.or(ends_well(&ending)).map(|but| format!("\n    {but}")).unwrap_or_default();
                format!("\n  to repeat this task alone: {line}{but}")
            }
            Err(why) => format!("\n  no line repeats this task alone: {why}"),
        });
    }
    if let Some(script) = attempt.workspace.debug_script() {
        let said = debug_script::run(script, attempt.workspace, &given.last_words, &text);
        text.extend(["\n  the debug script `", &script.shown, "` says:"]);
        said.lines().for_each(|line| text.extend(["\n    ", line]));
    }
    if matches!(ending, Ending::Start(_)) { Error::wrong_input(text) } else { Error::user(text) }
}

/// What the line that repeats a task cannot show.
fn ends_well(ending: &Ending) -> Option<&'static str> {
    match ending {
        Ending::Deaf(status) if status.success() => {
            Some("the line ends with status 0, as the program did; that it leaves input unread is what failed")
        }
        Ending::Silent(_) => Some("the line has no time limit, so it hangs as the program did"),
        _ => None,
    }
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
        Ending::Silent(limit) => {
            format!("ran past the time limit of {limit:?} without reading, printing or saying anything")
        }
        Ending::Late(limit) => format!("ran past the time limit of {limit:?}"),
    }
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
        return Some(start_cause(attempt, error, &program, found.as_deref()));
    }
    if let Some(exception) = python::exception(&given.last_words) {
        return Some(format!("Python's exception: {exception}"));
    }
    if let Some(script) = missing_script(attempt, given) {
        return Some(format!(
            "{} does not find {script}: it works in a directory of its own; ship the script with -files, or name its whole path",
            program.display()
        ));
    }
    if let Ending::Status(status) | Ending::Deaf(status) = ending
        && let (Some(found), Some(code @ 1..)) = (&found, status.code())
        && let Some(cause) = script_cause(attempt, &program, found, code)
    {
        return Some(cause);
    }
    match ending {
        Ending::Status(status) | Ending::Deaf(status) => match status.code() {
            Some(127) => Some("a command that it was to run was not found (status 127)".into()),
            Some(126) => Some("a command in it could not be run (status 126): is the file executable?".into()),
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
        Ending::Late(_) => Some(
            "an attempt may not take longer (--task-timeout); allow more, or cut the input into more splits with \
             -D mapreduce.job.maps=NUMBER"
                .into(),
        ),
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

fn start_cause(attempt: &Attempt<'_>, error: &io::Error, program: &Path, found: Option<&Path>) -> String {
    let name = program.display();
    let Some(found) = found else {
        if program.is_absolute() {
            return format!("there is no file {name}");
        }
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
            let missing = missing_interpreter(attempt, &first_line);
            let missing = missing.unwrap_or_else(|| String::from_utf8_lossy(&first_line[2..]).trim().to_owned());
            no_interpreter(program, &missing)
        }
        _ if error.raw_os_error() == Some(nix::libc::E2BIG) => {
            "the environment is too large for a process; set -D stream.jobconf.truncate.limit=1000".into()
        }
        _ => format!("the system refused {}", found.as_os_str().as_bytes().escape_ascii()),
    }
}

/// What is wrong with the first line of a script that was started all the same, if anything is.
fn script_cause(attempt: &Attempt<'_>, program: &Path, found: &Path, code: i32) -> Option<String> {
    let first_line = first_line(found);
    let name = program.display();
    let marks: [&[u8]; 3] = [b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"];
    if marks.iter().any(|mark| first_line.starts_with(mark)) {
        return Some(format!(
            "{name} begins with a byte order mark (BOM), so the system does not see its first line, and a shell ran it; save \
             it as UTF-8 without a mark"
        ));
    }
    if !matches!(code, 2 | 126 | 127) {
        return None;
    }
    if first_line.starts_with(b"#!") {
        if first_line.ends_with(b"\r") {
            return Some(cr_lf(program));
        }
        let missing = missing_interpreter(attempt, &first_line).filter(|_| code == 127)?;
        return Some(no_interpreter(program, &missing));
    }
    let is_text = !first_line.is_empty() && std::str::from_utf8(&first_line).is_ok_and(|line| !line.contains('\0'));
    is_text.then(|| {
        format!(
            "{name} does not begin with a line such as #!/usr/bin/env python3, so a shell ran it; add the line, or name the \
             interpreter: python3 {name}"
        )
    })
}

/// The interpreter of a `#!` line that is not there: the program, or the one that `env` is to find.
fn missing_interpreter(attempt: &Attempt<'_>, first_line: &[u8]) -> Option<String> {
    let line = String::from_utf8_lossy(first_line.strip_prefix(b"#!")?).into_owned();
    let mut words = line.split_whitespace();
    let program = words.next()?;
    let is_missing = |program: &str| attempt.workspace.find(Path::new(program)).is_none();
    if is_missing(program) {
        return Some(program.to_owned());
    }
    let is_env = Path::new(program).file_name().is_some_and(|name| name == "env");
    let named = words.find(|word| !word.starts_with('-') && !word.contains('=')).filter(|_| is_env)?;
    is_missing(named).then(|| named.to_owned())
}

fn no_interpreter(program: &Path, missing: &str) -> String {
    format!("the interpreter that {} names in its first line is not there: {missing}", program.display())
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
