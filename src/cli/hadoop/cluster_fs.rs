//! `hadoop fs` on the HDFS that the user's `core-site.xml` names. A path without a scheme lies there, one that begins with `file:`
//! on this machine.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use hdfs_native::client::FileStatus;

use crate::CancelToken;
use crate::cli::hadoop::fs_words::{TAIL_BYTES, Words, mode_bits};
use crate::cli::hadoop::times::minutes;
use crate::cli::terminal::{note, to_stdout};
use crate::error::Error;
use crate::remote::hdfs::Hdfs;
use crate::remote::{Address, Failure, Reader, RemoteFile};
use crate::streaming::globs::{braces, hdfs_address, is_match, is_pattern, local};

/// Whether the words are about HDFS: some of their paths are, or there are none.
pub fn is_meant(words: &Words<'_>) -> bool {
    hdfs_address(OsStr::new("/")).is_some()
        && (words.paths.is_empty() || words.paths.iter().any(|path| hdfs_address(path).is_some()))
}

/// The cause of a complaint.
enum Cause {
    Missing,
    There,
    Said(String),
}

impl From<Failure> for Cause {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Missing => Cause::Missing,
            failure => Cause::Said(failure.to_string()),
        }
    }
}

impl From<io::Error> for Cause {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Cause::Missing,
            io::ErrorKind::AlreadyExists => Cause::There,
            _ => Cause::Said(error.to_string()),
        }
    }
}

impl From<Error> for Cause {
    fn from(error: Error) -> Self {
        Cause::Said(error.to_string())
    }
}

type Done<T = ()> = Result<T, Cause>;

fn complain(command: &str, shown: &str, cause: &Cause) {
    match cause {
        Cause::Missing => note(format_args!("{command}: `{shown}': No such file or directory")),
        Cause::There => note(format_args!("{command}: `{shown}': File exists")),
        Cause::Said(why) => note(format_args!("{command}: `{shown}': {why}")),
    }
}

/// A path in HDFS.
#[derive(Clone)]
struct Place {
    files: Arc<Hdfs>,
    address: Address,
    /// Scheme and authority, if the user wrote them.
    prefix: String,
    /// Without a slash at its beginning.
    path: String,
}

impl Place {
    fn of(name: &OsStr) -> Done<Self> {
        let (shown, address) = (name.to_string_lossy(), hdfs_address(name));
        let address = address.ok_or_else(|| Cause::Said("it is not in HDFS".into()))?;
        let address = Address::of(Path::new(&address)).expect("an address has a scheme");
        let prefix = if shown.starts_with("hdfs:") { address.store().to_owned() } else { String::new() };
        Ok(Place { files: Hdfs::connect(&address)?, path: address.path().to_owned(), address, prefix })
    }

    fn at(&self, path: &str) -> Self {
        Place { path: path.trim_matches('/').to_owned(), ..self.clone() }
    }

    fn shown(&self) -> String {
        format!("{}/{}", self.prefix, self.path)
    }

    fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    fn within(&self, name: &str) -> Self {
        self.at(&format!("{}/{name}", self.path))
    }

    fn status(&self) -> Done<FileStatus> {
        self.files.status(&self.path)?.ok_or(Cause::Missing)
    }

    fn is_dir(&self) -> Done<bool> {
        Ok(self.files.status(&self.path)?.is_some_and(|status| status.isdir))
    }

    fn entries(&self) -> Done<Vec<(Place, FileStatus)>> {
        Ok(self.files.entries(&self.path)?.into_iter().map(|status| (self.at(&status.path), status)).collect())
    }

    fn open(&self) -> Done<(Reader, u64)> {
        let address = Address::of(Path::new(&self.address.beside(&self.path))).expect("an address has a scheme");
        if self.status()?.isdir {
            return Err(Cause::Said("Is a directory".into()));
        }
        let (_, file) =
            RemoteFile::list(&address, &CancelToken::default())?.into_iter().next().ok_or(Cause::Missing)?;
        let bytes = file.entry().bytes;
        Ok((Reader::open(&file, bytes, &CancelToken::default())?, bytes))
    }

    /// Those that match the pattern that this is; this itself where it exists.
    fn expand(&self) -> Done<Vec<Place>> {
        if self.files.status(&self.path)?.is_some() {
            return Ok(vec![self.clone()]);
        }
        if !is_pattern(self.path.as_bytes()) {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        for pattern in braces(self.path.as_bytes()) {
            let mut places = vec![self.at("")];
            for component in String::from_utf8_lossy(&pattern).split('/') {
                let mut next = Vec::new();
                for place in &places {
                    if !is_pattern(component.as_bytes()) {
                        next.push(place.within(component));
                    } else if place.is_dir()? {
                        let wanted = |name: &str| is_match(component.as_bytes(), name.as_bytes());
                        next.extend(place.entries()?.into_iter().map(|(at, _)| at).filter(|at| wanted(at.name())));
                    }
                }
                places = next;
            }
            found.extend(places);
        }
        let mut there = Vec::new();
        for place in found {
            if place.files.status(&place.path)?.is_some() {
                there.push(place);
            }
        }
        there.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(there)
    }
}

/// The files and directories of HDFS that a pattern names, as addresses.
///
/// # Errors
/// Those of asking for them.
pub fn addresses(pattern: &OsStr) -> Result<Vec<PathBuf>, Error> {
    let name = |cause: Cause| match cause {
        Cause::Said(why) => Failure::Refused(why).during("read input", Path::new(pattern)),
        Cause::Missing | Cause::There => Failure::Missing.during("read input", Path::new(pattern)),
    };
    let found = Place::of(pattern).and_then(|place| place.expand()).map_err(name)?;
    Ok(found.iter().map(|place| place.address.beside(&place.path).into()).collect())
}

/// Carries out a command; tells whether all went well, or `None` where there is no such command.
pub fn carry_out(command: &str, words: &Words<'_>) -> Option<ExitCode> {
    let done = match command {
        "ls" | "lsr" => each(command, words, |place| list(place, words, command == "lsr" || words.has(&["-R"]))),
        "du" => each(command, words, |place| usage(place, words.has(&["-s"]))),
        "cat" | "text" => each(command, words, |place| copy_to_stdout(&mut &place.open()?.0)),
        "tail" => each(command, words, tail),
        "count" => each(command, words, count),
        "mkdir" => each_new(command, words, |place| {
            let with_parents = words.has(&["-p"]);
            match place.files.status(&place.path)? {
                Some(found) if !found.isdir || !with_parents => Err(Cause::There),
                _ => Ok(place.files.make_directory(&place.path, with_parents)?),
            }
        }),
        "touchz" => each_new(command, words, |place| match place.files.status(&place.path)? {
            Some(found) if found.isdir => Err(Cause::Said("Is a directory".into())),
            Some(found) if found.length > 0 => Err(Cause::Said("Not a zero-length file".into())),
            Some(_) => Ok(()),
            None => write(place, &mut io::empty(), false),
        }),
        "rm" | "rmr" | "rmdir" => remove(command, words),
        "put" | "copyFromLocal" | "moveFromLocal" => put(command, words),
        "get" | "copyToLocal" => get(command, words),
        "cp" | "mv" => transfer(command, words),
        "getmerge" => merge(command, words),
        "test" => return Some(test(words)),
        _ => return None,
    };
    Some(if done { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Does something for each path that the patterns name.
fn each(command: &str, words: &Words<'_>, mut act: impl FnMut(&Place) -> Done) -> bool {
    let home = [OsStr::new("")];
    let paths = if words.paths.is_empty() && command == "ls" { &home } else { &words.paths[..] };
    let mut good = true;
    for pattern in paths {
        let found = Place::of(pattern).and_then(|place| match place.expand()? {
            found if found.is_empty() => Err(Cause::Missing),
            found => Ok(found),
        });
        match found {
            Err(cause) => {
                complain(command, &pattern.to_string_lossy(), &cause);
                good = false;
            }
            Ok(found) => {
                for place in found {
                    good &= act(&place).map_err(|cause| complain(command, &place.shown(), &cause)).is_ok();
                }
            }
        }
    }
    good
}

fn each_new(command: &str, words: &Words<'_>, act: impl Fn(&Place) -> Done) -> bool {
    words.paths.iter().fold(true, |good, path| {
        let done = Place::of(path).and_then(|place| act(&place));
        done.map_err(|cause| complain(command, &path.to_string_lossy(), &cause)).is_ok() && good
    })
}

fn print(line: impl std::fmt::Display) {
    // A closed output is nothing to report.
    let _ = to_stdout(|out| writeln!(out, "{line}"));
}

fn list(place: &Place, words: &Words<'_>, deep: bool) -> Done {
    let status = place.status()?;
    let one = |place: &Place, status: &FileStatus| match words.has(&["-C"]) {
        true => print(place.shown()),
        false => print(line(place, status)),
    };
    if !status.isdir || words.has(&["-d"]) {
        one(place, &status);
        return Ok(());
    }
    let entries = place.entries()?;
    if !deep && !words.has(&["-C"]) {
        print(format_args!("Found {} items", entries.len()));
    }
    for (place, status) in &entries {
        one(place, status);
        if deep && status.isdir {
            list(place, words, true)?;
        }
    }
    Ok(())
}

fn line(place: &Place, status: &FileStatus) -> String {
    let bits = mode_bits(status.permission.into());
    let copies = status.replication.filter(|copies| *copies > 0 && !status.isdir);
    let copies = copies.map_or_else(|| "-".to_owned(), |copies| copies.to_string());
    let time = minutes(UNIX_EPOCH + Duration::from_millis(status.modification_time));
    let (kind, size) = if status.isdir { ("d", 0) } else { ("-", status.length) };
    format!("{kind}{bits} {copies:>3} {} {} {size:>10} {time} {}", status.owner, status.group, place.shown())
}

/// Directories, files and bytes at and below a place.
fn below(place: &Place) -> Done<(u64, u64, u64)> {
    let status = place.status()?;
    if !status.isdir {
        return Ok((0, 1, status.length as u64));
    }
    let mut sum = (1, 0, 0);
    for (place, status) in place.entries()? {
        let (dirs, files, bytes) = if status.isdir { below(&place)? } else { (0, 1, status.length as u64) };
        sum = (sum.0 + dirs, sum.1 + files, sum.2 + bytes);
    }
    Ok(sum)
}

fn usage(place: &Place, sum: bool) -> Done {
    let line = |place: &Place| -> Done {
        let (_, _, bytes) = below(place)?;
        print(format_args!("{bytes}  {bytes}  {}", place.shown()));
        Ok(())
    };
    if sum || !place.is_dir()? {
        return line(place);
    }
    place.entries()?.iter().try_for_each(|(place, _)| line(place))
}

fn count(place: &Place) -> Done {
    let (dirs, files, bytes) = below(place)?;
    print(format_args!("{dirs:>12} {files:>12} {bytes:>18} {}", place.shown()));
    Ok(())
}

fn copy_to_stdout(content: &mut dyn Read) -> Done {
    let mut refused = None;
    let _ = to_stdout(|out| {
        refused = io::copy(content, out).err();
        Ok(())
    });
    let refused = refused.filter(|error| error.kind() != io::ErrorKind::BrokenPipe);
    refused.map_or(Ok(()), |error| Err(error.into()))
}

fn tail(place: &Place) -> Done {
    let (reader, bytes) = place.open()?;
    let mut end = vec![0; bytes.min(TAIL_BYTES) as usize];
    let mut filled = 0;
    while filled < end.len() {
        let at = bytes - (end.len() - filled) as u64;
        match reader.read_at(&mut end[filled..], at)? {
            0 => break,
            read => filled += read,
        }
    }
    copy_to_stdout(&mut &end[..filled])
}

fn remove(command: &str, words: &Words<'_>) -> bool {
    let (deep, force) = (command == "rmr" || words.has(&["-r", "-R"]), words.has(&["-f"]));
    let mut good = true;
    for pattern in &words.paths {
        let act = || -> Done {
            let found = Place::of(pattern)?.expand()?;
            if found.is_empty() && !force {
                return Err(Cause::Missing);
            }
            for place in found {
                let is_dir = place.is_dir()?;
                if command == "rmdir" && (!is_dir || !place.entries()?.is_empty()) {
                    return Err(Cause::Said(
                        if is_dir { "Directory is not empty" } else { "Is not a directory" }.into(),
                    ));
                }
                if is_dir && !deep && command == "rm" {
                    return Err(Cause::Said("Is a directory".into()));
                }
                place.files.remove(&place.path)?;
                if command != "rmdir" {
                    print(format_args!("Deleted {}", place.shown()));
                }
            }
            Ok(())
        };
        good &= act().map_err(|cause| complain(command, &pattern.to_string_lossy(), &cause)).is_ok();
    }
    good
}

fn write(place: &Place, content: &mut dyn Read, replace: bool) -> Done {
    if !replace && place.files.status(&place.path)?.is_some() {
        return Err(Cause::There);
    }
    Ok(place.files.write(&place.path, content, replace, &CancelToken::default())?)
}

/// The last path and those before it. What is put or got without a target goes to the directory that one works in.
fn target<'a, 'b>(command: &str, words: &'b Words<'a>) -> Option<(&'a OsStr, &'b [&'a OsStr])> {
    match words.paths.split_last() {
        Some((to, from)) if !from.is_empty() => Some((to, from)),
        Some(_) if matches!(command, "get" | "copyToLocal") => Some((OsStr::new("."), &words.paths)),
        Some(_) if matches!(command, "put" | "copyFromLocal" | "moveFromLocal") => Some((OsStr::new(""), &words.paths)),
        _ => {
            note(format_args!("{command}: Not enough arguments"));
            None
        }
    }
}

/// Refuses a target that is no directory where several files would become it.
fn refuse_many(command: &str, to: &OsStr, sources: usize) -> bool {
    let is_dir = || Place::of(to)?.is_dir();
    let refused = match sources {
        0 | 1 => return false,
        _ => is_dir().and_then(|is_dir: bool| if is_dir { Ok(()) } else { Err(Cause::Missing) }),
    };
    refused.map_err(|cause| complain(command, &to.to_string_lossy(), &cause)).is_err()
}

/// How many places patterns name; those that name none are counted, since they are told later.
fn sources(from: &[&OsStr]) -> usize {
    let number = |name: &&OsStr| Place::of(name).and_then(|place| place.expand()).map_or(1, |found| found.len().max(1));
    from.iter().map(number).sum()
}

fn put(command: &str, words: &Words<'_>) -> bool {
    let Some((to, from)) = target(command, words) else { return false };
    if refuse_many(command, to, from.len()) {
        return false;
    }
    let replace = words.has(&["-f"]);
    from.iter().fold(true, |good, from| {
        let act = || -> Done {
            let target = Place::of(to)?;
            if *from == "-" {
                return write(&target, &mut io::stdin().lock(), replace);
            }
            let from = local(from);
            let name = from.file_name().unwrap_or_default().to_string_lossy().into_owned();
            put_one(&from, &if target.is_dir()? { target.within(&name) } else { target }, replace)?;
            if command == "moveFromLocal" { Ok(fs::remove_file(&from)?) } else { Ok(()) }
        };
        act().map_err(|cause| complain(command, &from.to_string_lossy(), &cause)).is_ok() && good
    })
}

fn put_one(from: &Path, to: &Place, replace: bool) -> Done {
    if !from.is_dir() {
        return write(to, &mut File::open(from)?, replace);
    }
    to.files.make_directory(&to.path, false)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        put_one(&entry.path(), &to.within(&entry.file_name().to_string_lossy()), replace)?;
    }
    Ok(())
}

fn get(command: &str, words: &Words<'_>) -> bool {
    let Some((to, from)) = target(command, words) else { return false };
    let number = sources(from);
    let (to, sources) = (local(to), Words::of_paths(from));
    if number > 1 && !to.is_dir() {
        complain(command, &to.to_string_lossy(), &Cause::Missing);
        return false;
    }
    each(command, &sources, |place| {
        let to = if to.is_dir() { to.join(place.name()) } else { to.clone() };
        get_one(place, &to, words.has(&["-f"]))
    })
}

fn get_one(place: &Place, to: &Path, replace: bool) -> Done {
    if !place.is_dir()? {
        if to.exists() && !replace {
            return Err(Cause::There);
        }
        let (reader, _) = place.open()?;
        return Ok(io::copy(&mut &reader, &mut File::create(to)?).map(drop)?);
    }
    fs::create_dir_all(to)?;
    place.entries()?.iter().try_for_each(|(place, _)| get_one(place, &to.join(place.name()), replace))
}

fn transfer(command: &str, words: &Words<'_>) -> bool {
    let Some((to, from)) = target(command, words) else { return false };
    if refuse_many(command, to, sources(from)) {
        return false;
    }
    let sources = Words::of_paths(from);
    each(command, &sources, |place| {
        let target = Place::of(to)?;
        let target = if target.is_dir()? { target.within(place.name()) } else { target };
        let is_same_store = target.address.store() == place.address.store();
        if is_same_store && place.is_dir()? && format!("{}/", target.path).starts_with(&format!("{}/", place.path)) {
            return Err(Cause::Said("is a subdirectory of itself".into()));
        }
        if is_same_store && target.path == place.path && command == "cp" && words.has(&["-f"]) {
            // It is what it would become.
            return Ok(());
        }
        if command == "cp" {
            return copy(place, &target, words.has(&["-f"]));
        }
        if target.files.status(&target.path)?.is_some() {
            return Err(Cause::There);
        }
        Ok(place.files.rename(&place.path, &target.path)?)
    })
}

fn copy(from: &Place, to: &Place, replace: bool) -> Done {
    if !from.is_dir()? {
        return write(to, &mut &from.open()?.0, replace);
    }
    to.files.make_directory(&to.path, false)?;
    from.entries()?.iter().try_for_each(|(from, _)| copy(from, &to.within(from.name()), replace))
}

fn merge(command: &str, words: &Words<'_>) -> bool {
    let Some((to, from)) = target(command, words) else { return false };
    let mut out = match File::create(local(to)) {
        Ok(out) => out,
        Err(error) => {
            complain(command, &to.to_string_lossy(), &error.into());
            return false;
        }
    };
    let sources = Words::of_paths(from);
    each(command, &sources, |place| {
        let files = if place.is_dir()? { place.entries()? } else { vec![(place.clone(), place.status()?)] };
        for (file, _) in files.iter().filter(|(_, status)| !status.isdir) {
            io::copy(&mut &file.open()?.0, &mut out)?;
        }
        Ok(())
    })
}

fn test(words: &Words<'_>) -> ExitCode {
    let holds = |path: &&OsStr| -> Done<bool> {
        let place = Place::of(path)?;
        let Some(status) = place.files.status(&place.path)? else { return Ok(false) };
        let mut all = true;
        for flag in &words.flags {
            all &= match *flag {
                "-d" => status.isdir,
                "-f" => !status.isdir,
                "-s" => below(&place)?.2 > 0,
                "-z" => status.length == 0,
                _ => true,
            };
        }
        Ok(all)
    };
    let told = |path: &&OsStr| {
        holds(path).unwrap_or_else(|cause| {
            complain("test", &path.to_string_lossy(), &cause);
            false
        })
    };
    ExitCode::from(u8::from(!words.paths.iter().all(told)))
}
