//! `hadoop` and `mapred`: what programs that start Hadoop call, such as mrjob.
//!
//! | words | what is done |
//! |---|---|
//! | `hadoop jar …streaming….jar …`, `mapred streaming …` | the streaming job, with what Hadoop prints about it |
//! | `hadoop fs …`, `hdfs dfs …` | [`fs`], on local files, or on the HDFS that the user's `HADOOP_CONF_DIR` names |
//! | `hadoop version` | a version of Hadoop, and ours |
//! | `hadoop classpath` | where the settings and the jar of `HADOOP_HOME` are |
//!
//! It is reached as `twinmill hadoop …`, and by the name of the process: `twinmill hadoop-home DIR` makes a directory in which
//! `bin/hadoop` is this program.

#[cfg(feature = "hdfs")]
mod cluster_fs;
mod fs;
mod fs_words;
mod monitor;
mod times;
mod typed_bytes;

use std::convert::Infallible;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fs as files;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{self, ExitCode};

use crate::Error;
use crate::cli::terminal::{note, say, to_stdout};
use crate::measure::failure::Failure;
use crate::measure::running::child::this_program;

#[cfg(feature = "hdfs")]
pub use cluster_fs::addresses;
pub use monitor::Monitor;

/// The version of Hadoop whose rules are followed.
const VERSION: &str = "3.5.0";
/// The command that makes a directory; it is one of Hadoop's words only where that directory is missing.
const HOME: &str = "hadoop-home";
const JAR: &str = "share/hadoop/tools/lib/hadoop-streaming-3.5.0.jar";

/// What words of `hadoop` ask for.
#[derive(Debug)]
pub enum Call {
    /// A streaming job, as words behind `stream`.
    Stream(Vec<OsString>),
    /// It is done, with this exit status.
    Done(ExitCode),
}

/// The words behind `hadoop`, `mapred` or `hdfs`, if a command line is one of theirs.
pub fn words(all: &[OsString]) -> Option<&[OsString]> {
    let is_named = |word: &OsString| {
        let name = Path::new(word).file_name().unwrap_or(word);
        ["hadoop", "mapred", "hdfs"].iter().any(|known| name == *known)
    };
    match all {
        [program, rest @ ..] if is_named(program) => Some(rest),
        [_, command, rest @ ..] if is_named(command) && !command.as_bytes().contains(&b'/') => Some(rest),
        [_, command] if command == HOME => Some(&all[1..]),
        _ => None,
    }
}

/// Carries out `hadoop WORDS`, unless it is a streaming job.
pub fn call(words: &[OsString]) -> Call {
    let words = match without_shell_options(words) {
        Ok(words) => words,
        Err(status) => return Call::Done(status),
    };
    let name = |at: usize| words.get(at).and_then(|word| word.to_str()).unwrap_or_default();
    match name(0) {
        "jar" if is_streaming(words.get(1)) => of_streaming(&words[2..]),
        "jar" => {
            note(format_args!("Not a valid JAR: {}: only Hadoop's streaming jar is known here", name(1)));
            Call::Done(ExitCode::from(255))
        }
        "streaming" => of_streaming(&words[1..]),
        "fs" | "dfs" => Call::Done(fs::carry_out(&words[1..])),
        "version" => {
            let said =
                format!("Hadoop {VERSION}\nThis is twinmill {}, which follows its rules", env!("CARGO_PKG_VERSION"));
            // A closed output is nothing to report.
            let _ = to_stdout(|out| writeln!(out, "{said}"));
            Call::Done(ExitCode::SUCCESS)
        }
        "classpath" => {
            let home = env::var_os("HADOOP_HOME").map(PathBuf::from).unwrap_or_default();
            let _ = to_stdout(|out| writeln!(out, "{0}/etc/hadoop:{0}/share/hadoop/tools/lib/*", home.display()));
            Call::Done(ExitCode::SUCCESS)
        }
        HOME => {
            say("hadoop-home needs the name of the directory that it makes: twinmill hadoop-home DIR");
            Call::Done(ExitCode::from(2))
        }
        "" => refuse("Usage: hadoop jar STREAMING.jar …, hadoop fs …, hadoop version"),
        other => {
            refuse(&format!("{other} is not known here; there are jar with a streaming jar, fs, classpath and version"))
        }
    }
}

/// The words behind the options that Hadoop's script takes for itself. `--config` is `HADOOP_CONF_DIR` of this program, which
/// begins anew with it.
///
/// # Errors
/// The exit status of a program that could not begin anew.
fn without_shell_options(words: &[OsString]) -> Result<&[OsString], ExitCode> {
    match words {
        [option, dir, rest @ ..] if option == "--config" => {
            let begun = this_program().and_then(|program| {
                let mut again = process::Command::new(&program);
                again.arg0("twinmill").arg("hadoop").args(rest).env("HADOOP_CONF_DIR", dir);
                Err::<Infallible, _>(Failure::at("run", &program)(again.exec()))
            });
            let Err(failure) = begun;
            say(&failure);
            Err(ExitCode::from(failure.exit_status()))
        }
        [option, _, rest @ ..] if option == "--loglevel" => without_shell_options(rest),
        [option, rest @ ..] if option == "--debug" => without_shell_options(rest),
        words => Ok(words),
    }
}

fn refuse(why: &str) -> Call {
    note(why);
    Call::Done(ExitCode::from(1))
}

fn is_streaming(jar: Option<&OsString>) -> bool {
    let name = jar.and_then(|jar| Path::new(jar).file_name()).map(|name| name.to_string_lossy().into_owned());
    name.is_some_and(|name| name.contains("streaming") && name.ends_with(".jar"))
}

/// The first word may name one of the jar's three programs; without it, it is the one that runs jobs.
fn of_streaming(words: &[OsString]) -> Call {
    let Some((first, rest)) = words.split_first() else {
        note("No Arguments Given!");
        return refuse(
            "Usage: $HADOOP_HOME/bin/hadoop jar hadoop-streaming.jar [options]\nOptions:\n  \
             dumptb <glob-pattern> Dumps all files that match the given pattern to standard output as typed bytes.\n  \
             loadtb <path> Reads typed bytes from standard input and stores them in a sequence file in the specified \
             path\n  [streamjob] <args> Runs streaming job with given arguments",
        );
    };
    let is = |name: &str| first.eq_ignore_ascii_case(name);
    if is("dumptb") {
        Call::Done(typed_bytes::dump(rest))
    } else if is("loadtb") {
        Call::Done(typed_bytes::load(rest))
    } else {
        Call::Stream(if is("streamjob") { rest } else { words }.to_vec())
    }
}

/// Makes a directory that looks like Hadoop's to those who look for it.
pub fn make_home(dir: &OsStr) -> ExitCode {
    match home(Path::new(dir)) {
        Ok(dir) => {
            let _ = to_stdout(|out| writeln!(out, "export HADOOP_HOME={}", dir.display()));
            ExitCode::SUCCESS
        }
        Err(failure) => {
            say(&failure);
            ExitCode::from(failure.exit_status())
        }
    }
}

fn home(dir: &Path) -> Result<PathBuf, Failure> {
    let program = this_program()?;
    let jar = dir.join(JAR);
    if jar.metadata().is_ok_and(|jar| jar.len() > 0) {
        let why = format!("{} has a Hadoop of its own; name another directory", dir.display());
        return Err(Error::Config(why).into());
    }
    let make = |path: &Path| files::create_dir_all(path).map_err(Error::at("create", path));
    make(&dir.join("bin"))?;
    for name in ["hadoop", "mapred", "hdfs"] {
        let link = dir.join("bin").join(name);
        if link.symlink_metadata().is_ok_and(|found| found.is_symlink()) {
            files::remove_file(&link).map_err(Error::at("replace", &link))?;
        }
        symlink(&program, &link).map_err(Error::at("link", &link))?;
    }
    make(jar.parent().expect("it lies in a directory"))?;
    files::write(&jar, "").map_err(Error::at("create", &jar))?;
    Ok(files::canonicalize(dir).map_err(Error::at("find", dir))?)
}
