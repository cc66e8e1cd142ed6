//! `hadoop fs`, on local files. What is named `hdfs:…` lies in a directory of the user's data, unless the user's settings name a
//! cluster and this build can reach it.
//!
//! 1. Generic options may name another default file system; none of the others has a meaning for files.
//! 2. The [table](commands) gives flags and operands, or the refusal.
//! 3. Patterns become [files](names); a command acts on one after another, and tells what it cannot do.

mod attributes;
mod commands;
mod complaint;
mod copying;
mod find;
mod list;
mod making;
mod names;
mod run;
mod show;
mod sizes;

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::ExitCode;

use self::commands::{Command, named, replacement, usage_of_all};
use self::complaint::{Complaint, Done};
use self::run::{Run, print};
#[cfg(feature = "hdfs")]
use crate::cli::hadoop::cluster_fs;
use crate::cli::terminal::note;
use crate::error::Error;
use crate::streaming::globs::{choose_file_system, file_system_of, is_file_system};

/// The exit status of a wrong command line.
const WRONG: u8 = 255;

/// Carries out `hadoop fs WORDS`.
pub fn carry_out(words: &[OsString]) -> ExitCode {
    let (generic, words) = match GenericOptions::before(words) {
        Ok(parsed) => parsed,
        Err(option) => {
            note(format_args!("options parsing failed: Missing argument for option: {option}"));
            return refuse(None);
        }
    };
    if let Err(error) = generic.choose_file_system() {
        note(format_args!("fs: {error}"));
        return ExitCode::from(1);
    }
    let Some((said, rest)) = words.split_first() else { return refuse(None) };
    let said = said.to_string_lossy();
    let Some(mut name) = said.strip_prefix('-').filter(|name| !name.is_empty()) else {
        if said != "-" {
            note(format_args!("{said}: Unknown command"));
        }
        if named(&said).is_some() || replacement(&said).is_some() {
            note(format_args!("Did you mean -{said}?  This command begins with a dash."));
        }
        return refuse(None);
    };
    let mut flag = None;
    if let Some((new, with)) = replacement(name) {
        let dash = if name == "rmr" { "-" } else { "" };
        note(format_args!("{name}: DEPRECATED: Please use '{dash}{new} {with}' instead."));
        (name, flag) = (new, Some(with));
    }
    let Some(command) = named(name) else {
        note(format_args!("-{name}: Unknown command"));
        return refuse(None);
    };
    let parsed = match name {
        "find" | "help" | "usage" => Ok(find::words(rest)),
        _ => command.parse(rest),
    };
    let mut words = match parsed {
        Ok(words) => words,
        Err(why) => {
            note(format_args!("-{name}: {why}"));
            return refuse(Some(&command));
        }
    };
    words.flags.extend(flag);
    #[cfg(feature = "hdfs")]
    if !matches!(name, "help" | "usage" | "expunge") && cluster_fs::is_meant(&words) {
        return cluster_fs::carry_out(name, &words).unwrap_or_else(|| {
            note(format_args!("-{name}: it is not known here for files in HDFS"));
            ExitCode::from(WRONG)
        });
    }
    let mut run = Run { name: command.name, words, complaints: 0 };
    match carry_out_locally(&mut run) {
        Ok(()) if run.complaints == 0 => ExitCode::SUCCESS,
        Ok(()) => ExitCode::from(1),
        Err(complaint) => {
            complaint.say(command.name);
            if matches!(complaint, Complaint::Usage(_)) { refuse(Some(&command)) } else { ExitCode::from(1) }
        }
    }
}

fn carry_out_locally(run: &mut Run<'_>) -> Done {
    match run.name {
        "appendToFile" => copying::append(run),
        "cat" => run.each(|_, item| show::whole(item)),
        "checksum" => run.each(show::checksum),
        "chgrp" | "chown" => attributes::own(run),
        "chmod" => attributes::permit(run),
        "copyFromLocal" | "copyToLocal" | "cp" | "get" | "moveFromLocal" | "mv" | "put" => copying::transfer(run),
        "count" => sizes::count(run),
        "df" => sizes::space(run),
        "du" => sizes::usage(run),
        "expunge" => Ok(()),
        "find" => find::carry_out(run),
        "getfacl" => attributes::list(run),
        "getmerge" => copying::merge(run),
        "head" => run.each(|_, item| show::head(item)),
        "help" | "usage" => explain(run),
        "ls" => list::carry_out(run),
        "mkdir" | "touch" | "touchz" => making::make(run),
        "rm" | "rmdir" => making::remove(run),
        "setrep" => attributes::replicate(run),
        "stat" => attributes::tell(run),
        "tail" => run.each(show::tail),
        "test" => attributes::test(run),
        "text" => run.each(|_, item| show::text(item)),
        name => Err(Complaint::Plain(format!("Option '-{name}' is not implemented yet."))),
    }
}

/// Prints the usage of all commands, and that of one.
fn refuse(command: Option<&Command>) -> ExitCode {
    note(usage_of_all());
    if let Some(command) = command {
        note(command.usage());
    }
    ExitCode::from(WRONG)
}

/// What Hadoop's generic options say of the default file system.
#[derive(Debug, Default)]
struct GenericOptions<'a> {
    /// `-D fs.defaultFS=…`, which counts more than `-fs`.
    property: Option<&'a str>,
    file_system: Option<&'a OsStr>,
    /// `-conf`, which counts least, the last one most.
    configurations: Vec<&'a Path>,
}

impl<'a> GenericOptions<'a> {
    /// The options before a command, and the words behind them.
    ///
    /// # Errors
    /// The option whose value is missing.
    fn before(words: &'a [OsString]) -> Result<(Self, &'a [OsString]), &'static str> {
        const VALUED: [&str; 8] = ["-D", "-fs", "-conf", "-jt", "-files", "-libjars", "-archives", "-tokenCacheFile"];
        let (mut found, mut rest) = (GenericOptions::default(), words);
        while let [first, behind @ ..] = rest {
            if let Some(option) = VALUED.iter().find(|option| first == **option) {
                let (value, behind) = behind.split_first().ok_or(&option[1..])?;
                match *option {
                    "-D" => found.define(value),
                    "-fs" => found.file_system = Some(value),
                    "-conf" => found.configurations.push(Path::new(value)),
                    _ => {}
                }
                rest = behind;
            } else if let Some(property) = first.as_bytes().strip_prefix(b"-D").filter(|rest| rest.contains(&b'=')) {
                found.define(OsStr::from_bytes(property));
                rest = behind;
            } else {
                break;
            }
        }
        Ok((found, rest))
    }

    fn define(&mut self, property: &'a OsStr) {
        let (name, value) = property.to_str().and_then(|property| property.split_once('=')).unwrap_or_default();
        if is_file_system(name.trim()) {
            self.property = Some(value.trim());
        }
    }

    /// Makes the default file system of the process the one that they name, if they name one.
    ///
    /// # Errors
    /// Those of reading a configuration file; a file system that this build does not reach.
    fn choose_file_system(&self) -> crate::Result<()> {
        let mut configured = None;
        for path in &self.configurations {
            let xml = fs::read_to_string(path).map_err(Error::at("read", path))?;
            configured = file_system_of(&xml).or(configured);
        }
        let named = self.file_system.map(|name| name.to_string_lossy().into_owned()).or(configured);
        self.property.map(str::to_owned).or(named).map_or(Ok(()), |name| choose_file_system(&name))
    }
}

/// `-help` and `-usage`.
fn explain(run: &mut Run<'_>) -> Done {
    let text = |command: &Command| if run.name == "help" { command.described() } else { command.usage() };
    let mut texts = Vec::new();
    for name in &run.words.paths {
        let command = name.to_str().and_then(named);
        let command = command.ok_or_else(|| Complaint::Usage(format!("`{}': Unknown command", name.display())))?;
        texts.push(text(&command));
    }
    if texts.is_empty() {
        texts.push(usage_of_all());
        if run.name == "help" {
            texts.extend(commands::all().map(|command| text(&command)));
        }
    }
    print(texts.join("\n"));
    Ok(())
}
