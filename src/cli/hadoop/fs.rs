//! `hadoop fs`, on local files. What is named `hdfs:…` lies in a directory of the user's data, unless the user's settings name a
//! cluster and this build can reach it.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use walkdir::WalkDir;

#[cfg(feature = "hdfs")]
use crate::cli::hadoop::cluster_fs;
use crate::cli::hadoop::fs_words::{TAIL_BYTES, Words, mode_bits};
use crate::cli::terminal::{note, to_stdout};
use crate::machine::calendar::civil;
use crate::streaming::globs::{expand, local};

/// Carries out `hadoop fs WORDS`.
pub fn carry_out(words: &[OsString]) -> ExitCode {
    let Some((command, rest)) = words.split_first() else {
        note("Usage: hadoop fs -ls|-du|-cat|-text|-mkdir|-put|-get|-getmerge|-rm|-touchz|-test|-cp|-mv|-tail|-count …");
        return ExitCode::from(255);
    };
    let command = command.to_string_lossy();
    let command = command.trim_start_matches('-');
    let is_flag = |word: &&OsString| word.as_bytes().starts_with(b"-") && word.len() > 1;
    let words = Words {
        flags: rest.iter().take_while(is_flag).filter_map(|word| word.to_str()).collect(),
        paths: rest.iter().skip_while(is_flag).map(OsString::as_os_str).collect(),
    };
    #[cfg(feature = "hdfs")]
    if cluster_fs::is_meant(&words)
        && let Some(status) = cluster_fs::carry_out(command, &words)
    {
        return status;
    }
    let done =
        match command {
            "ls" | "lsr" => {
                each(command, &words, |shown, path| list(shown, path, command == "lsr" || words.has(&["-R"])))
            }
            "du" => each(command, &words, |shown, path| usage(shown, path, words.has(&["-s"]))),
            "cat" | "text" => each(command, &words, |_, path| copy_to_stdout(&mut File::open(path)?)),
            "tail" => each(command, &words, |_, path| tail(path)),
            "count" => each(command, &words, count),
            "mkdir" => each_new(command, &words, |path| {
                if words.has(&["-p"]) { fs::create_dir_all(path) } else { fs::create_dir(path) }
            }),
            "touchz" => each_new(command, &words, |path| File::create(path).map(drop)),
            "rm" | "rmr" | "rmdir" => remove(command, &words),
            "put" | "copyFromLocal" | "get" | "copyToLocal" | "cp" => transfer(command, &words, copy),
            "mv" | "moveFromLocal" => transfer(command, &words, |from, to| fs::rename(from, to)),
            "getmerge" => merge(command, &words),
            "test" => return test(&words),
            _ => {
                note(format_args!("{command}: Unknown command"));
                return ExitCode::from(255);
            }
        };
    if done { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

fn complain(command: &str, path: &OsStr, error: &io::Error) {
    match error.kind() {
        ErrorKind::NotFound => note(format_args!("{command}: `{}': No such file or directory", path.display())),
        ErrorKind::AlreadyExists => note(format_args!("{command}: `{}': File exists", path.display())),
        _ => note(format_args!("{command}: `{}': {error}", path.display())),
    }
}

/// Does something for each path that the patterns name; tells whether all went well.
fn each(command: &str, words: &Words<'_>, mut act: impl FnMut(&OsStr, &Path) -> io::Result<()>) -> bool {
    let mut good = true;
    for pattern in &words.paths {
        let found = expand(pattern);
        if found.is_empty() {
            complain(command, pattern, &ErrorKind::NotFound.into());
            good = false;
        }
        for path in found {
            let shown = shown(pattern, &path);
            if let Err(error) = act(&shown, &path) {
                complain(command, &shown, &error);
                good = false;
            }
        }
    }
    good
}

/// A local path in the way in which its pattern was written.
fn shown(pattern: &OsStr, path: &Path) -> OsString {
    let (root, scheme) = (local(OsStr::new("hdfs:/")), OsStr::new("hdfs://"));
    match path.strip_prefix(&root) {
        Ok(rest) if pattern.as_bytes().starts_with(b"hdfs:") => {
            let mut shown = scheme.to_owned();
            shown.push("/");
            shown.push(rest);
            shown
        }
        _ => path.as_os_str().to_owned(),
    }
}

fn each_new(command: &str, words: &Words<'_>, act: impl Fn(&Path) -> io::Result<()>) -> bool {
    let mut good = true;
    for path in &words.paths {
        if let Err(error) = act(&local(path)) {
            complain(command, path, &error);
            good = false;
        }
    }
    good
}

fn print(line: impl std::fmt::Display) -> io::Result<()> {
    // A closed output is nothing to report.
    let _ = to_stdout(|out| writeln!(out, "{line}"));
    Ok(())
}

fn list(shown: &OsStr, path: &Path, deep: bool) -> io::Result<()> {
    if !path.is_dir() {
        return list_one(shown, path);
    }
    let mut names: Vec<_> =
        fs::read_dir(path)?.collect::<io::Result<Vec<_>>>()?.iter().map(|entry| entry.file_name()).collect();
    names.sort();
    if !deep {
        print(format_args!("Found {} items", names.len()))?;
    }
    for name in names {
        let (within, path) = (Path::new(shown).join(&name), path.join(&name));
        list_one(within.as_os_str(), &path)?;
        if deep && path.is_dir() {
            list(within.as_os_str(), &path, true)?;
        }
    }
    Ok(())
}

fn list_one(shown: &OsStr, path: &Path) -> io::Result<()> {
    let found = path.metadata()?;
    let bits = mode_bits(found.permissions().mode());
    let (kind, copies, size) = if found.is_dir() { ("d", "-", 0) } else { ("-", "1", found.len()) };
    let user = nix::unistd::User::from_uid(found.uid().into()).ok().flatten().map_or("nobody".into(), |user| user.name);
    let group =
        nix::unistd::Group::from_gid(found.gid().into()).ok().flatten().map_or("nogroup".into(), |group| group.name);
    let (year, month, day, hour, minute, _) = civil(found.modified()?);
    print(format_args!(
        "{kind}{bits}   {copies} {user} {group} {size:>10} {year:04}-{month:02}-{day:02} {hour:02}:{minute:02} {}",
        shown.display()
    ))
}

fn bytes_below(path: &Path) -> u64 {
    let files = WalkDir::new(path).into_iter().filter_map(|entry| entry.ok()?.metadata().ok());
    files.filter(fs::Metadata::is_file).map(|file| file.len()).sum()
}

fn usage(shown: &OsStr, path: &Path, sum: bool) -> io::Result<()> {
    let line = |bytes: u64, path: &Path| print(format_args!("{bytes}  {bytes}  {}", path.display()));
    if sum || !path.is_dir() {
        return line(bytes_below(path), Path::new(shown));
    }
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        line(bytes_below(&entry.path()), &Path::new(shown).join(entry.file_name()))?;
    }
    Ok(())
}

fn count(shown: &OsStr, path: &Path) -> io::Result<()> {
    let entries: Vec<_> = WalkDir::new(path).into_iter().filter_map(Result::ok).collect();
    let dirs = entries.iter().filter(|entry| entry.file_type().is_dir()).count();
    let files = entries.len() - dirs;
    print(format_args!("{dirs:>12} {files:>12} {:>18} {}", bytes_below(path), shown.display()))
}

fn copy_to_stdout(file: &mut File) -> io::Result<()> {
    let mut refused = None;
    let _ = to_stdout(|out| {
        refused = io::copy(file, out).err();
        Ok(())
    });
    refused.filter(|error| error.kind() != ErrorKind::BrokenPipe).map_or(Ok(()), Err)
}

fn tail(path: &Path) -> io::Result<()> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
    copy_to_stdout(&mut file)
}

fn remove(command: &str, words: &Words<'_>) -> bool {
    let (deep, force) = (command == "rmr" || words.has(&["-r", "-R"]), words.has(&["-f"]));
    let mut good = true;
    for pattern in &words.paths {
        let found = expand(pattern);
        if found.is_empty() && !force {
            complain(command, pattern, &ErrorKind::NotFound.into());
            good = false;
        }
        for path in found {
            let removed = match (path.is_dir(), deep, command) {
                (true, true, _) => fs::remove_dir_all(&path),
                (true, _, "rmdir") => fs::remove_dir(&path),
                (true, ..) => Err(io::Error::other("Is a directory")),
                (false, ..) => fs::remove_file(&path),
            };
            match removed {
                Ok(()) => good &= print(format_args!("Deleted {}", shown(pattern, &path).display())).is_ok(),
                Err(error) => {
                    complain(command, pattern, &error);
                    good = false;
                }
            }
        }
    }
    good
}

fn transfer(command: &str, words: &Words<'_>, act: impl Fn(&Path, &Path) -> io::Result<()>) -> bool {
    let Some((to, from)) = words.paths.split_last().filter(|(_, from)| !from.is_empty()) else {
        note(format_args!("{command}: Not enough arguments"));
        return false;
    };
    let (target, replace) = (local(to), words.has(&["-f"]));
    let sources = Words { flags: Vec::new(), paths: from.to_vec() };
    each(command, &sources, |_, source| {
        let to = if target.is_dir() { target.join(source.file_name().unwrap_or_default()) } else { target.clone() };
        if to.exists() && !replace {
            return Err(ErrorKind::AlreadyExists.into());
        }
        act(source, &to)
    })
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if !from.is_dir() {
        return fs::copy(from, to).map(drop);
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

fn merge(command: &str, words: &Words<'_>) -> bool {
    let Some((to, from)) = words.paths.split_last() else { return false };
    let mut out = match File::create(local(to)) {
        Ok(out) => out,
        Err(error) => {
            complain(command, to, &error);
            return false;
        }
    };
    let sources = Words { flags: Vec::new(), paths: from.to_vec() };
    each(command, &sources, |_, path| {
        let mut files: Vec<PathBuf> = match path.is_dir() {
            true => fs::read_dir(path)?.collect::<io::Result<Vec<_>>>()?.iter().map(fs::DirEntry::path).collect(),
            false => vec![path.to_owned()],
        };
        files.sort();
        let mut bytes = Vec::new();
        for file in files.iter().filter(|file| file.is_file()) {
            bytes.clear();
            File::open(file)?.read_to_end(&mut bytes)?;
            out.write_all(&bytes)?;
        }
        Ok(())
    })
}

fn test(words: &Words<'_>) -> ExitCode {
    let holds = |path: &OsStr| {
        let path = local(path);
        words.flags.iter().all(|flag| match *flag {
            "-d" => path.is_dir(),
            "-f" => path.is_file(),
            "-s" => bytes_below(&path) > 0,
            "-z" => path.metadata().is_ok_and(|found| found.len() == 0),
            _ => path.exists(),
        })
    };
    ExitCode::from(u8::from(!words.paths.iter().all(|path| holds(path))))
}
