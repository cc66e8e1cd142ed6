//! The commands of `hadoop fs`: the flags and the number of operands of each, and the usage that is printed.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use crate::cli::hadoop::fs_words::Words;

/// A command as its table describes it.
#[derive(Debug)]
pub struct Command {
    /// Without the dash.
    pub name: &'static str,
    /// Flags without a value, parted by blanks, without the dash.
    flags: &'static str,
    /// Flags with a value.
    valued: &'static str,
    least: usize,
    most: usize,
    /// Behind the name in the usage.
    synopsis: &'static str,
    /// A sentence for `-help`.
    pub help: &'static str,
}

const ANY: usize = usize::MAX;
const COPY: &str = "[-f] [-p] [-l] [-d] [-t <thread count>] [-q <thread pool queue size>] <localsrc> ... <dst>";
const GET: &str =
    "[-f] [-p] [-crc] [-ignoreCrc] [-t <thread count>] [-q <thread pool queue size>] <src> ... <localdst>";

/// Name, flags, flags with a value, least and most operands, synopsis, help.
type Row = (&'static str, &'static str, &'static str, usize, usize, &'static str, &'static str);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("appendToFile", "n", "", 0, ANY, "[-n] <localsrc> ... <dst>", "Appends local files, or standard input for -, to a file."),
    ("cat", "ignoreCrc", "", 1, ANY, "[-ignoreCrc] <src> ...", "Prints files."),
    ("checksum", "v", "", 1, ANY, "[-v] <src> ...", "Prints the checksums of files; local files have none."),
    ("chgrp", "R", "", 2, ANY, "[-R] GROUP PATH...", "Changes the group of files; -R also of all that is below them."),
    ("chmod", "R", "", 2, ANY, "[-R] <MODE[,MODE]... | OCTALMODE> PATH...", "Changes the permissions of files; -R also of all that is below them."),
    ("chown", "R", "", 2, ANY, "[-R] [OWNER][:[GROUP]] PATH...", "Changes the owner and the group of files; -R also of all that is below them."),
    ("copyFromLocal", "f p l d", "t q", 1, ANY, COPY, "Does what -put does."),
    ("copyToLocal", "f p crc ignoreCrc", "t q", 1, ANY, GET, "Does what -get does."),
    ("count", "q h v u x e s", "t", 1, ANY, "[-q] [-h] [-v] [-t [<storage type>]] [-u] [-x] [-e] [-s] <path> ...", "Counts directories, files and bytes; -q and -u print quotas, -v prints a header, -h prints sizes with a unit."),
    ("cp", "f p d ptopax", "t q", 2, ANY, "[-f] [-p | -p[topax]] [-d] [-t <thread count>] [-q <thread pool queue size>] <src> ... <dst>", "Copies files and directories; -f replaces what is there, -p keeps times and permissions."),
    ("df", "h", "", 0, ANY, "[-h] [<path> ...]", "Prints the space of the file system."),
    ("du", "s h v x", "", 0, ANY, "[-s] [-h] [-v] [-x] <path> ...", "Prints the bytes of files and of directories; -s prints one sum for each path, -v a header, -h sizes with a unit."),
    ("expunge", "immediate", "fs", 0, ANY, "[-immediate] [-fs <path>]", "Empties the trash; there is none here."),
    ("find", "", "", 0, ANY, "<path> ... <expression> ...", "Prints the paths below a path that an expression holds for: -name PATTERN, -iname PATTERN, -print, -print0, joined by -a or -and."),
    ("get", "f p crc ignoreCrc", "t q", 1, ANY, GET, "Copies files to a local path, or to the working directory; -f replaces what is there, -p keeps times and permissions."),
    ("getfacl", "R", "", 0, ANY, "[-R] <path>", "Prints the permissions of a file as a list; -R also of all that is below it."),
    ("getmerge", "nl skip-empty-file", "", 2, ANY, "[-nl] [-skip-empty-file] <src> <localdst>", "Joins files, in order, to one local file; -nl ends each with a newline, -skip-empty-file not the empty ones."),
    ("head", "", "", 1, 1, "<file>", "Prints the first 1,024 bytes of a file."),
    ("help", "", "", 0, ANY, "[cmd ...]", "Describes commands."),
    ("ls", "C d h q R t S r u e", "", 0, ANY, "[-C] [-d] [-h] [-q] [-R] [-t] [-S] [-r] [-u] [-e] [<path> ...]", "Lists files: -C paths alone, -d a directory itself, -h sizes with a unit, -q ? for what cannot be printed, -R all below, -t by time, -S by size, -r in reverse, -u by time of access."),
    ("mkdir", "p", "", 1, ANY, "[-p] <path> ...", "Makes directories; -p also those above them."),
    ("moveFromLocal", "f p l d", "", 1, ANY, "[-f] [-p] [-l] [-d] <localsrc> ... <dst>", "Copies local files, then removes them."),
    ("moveToLocal", "crc", "", 0, ANY, "<src> <localdst>", "Is not implemented."),
    ("mv", "", "", 2, ANY, "<src> ... <dst>", "Moves files and directories."),
    ("put", "f p l d", "t q", 1, ANY, COPY, "Copies local files, or standard input for -; -f replaces what is there, -p keeps times and permissions."),
    ("rm", "f r R skipTrash safely", "", 1, ANY, "[-f] [-r|-R] [-skipTrash] [-safely] <src> ...", "Removes files; -r also directories, -f is silent about what is missing."),
    ("rmdir", "-ignore-fail-on-non-empty", "", 1, ANY, "[--ignore-fail-on-non-empty] <dir> ...", "Removes empty directories."),
    ("setrep", "R w", "", 2, ANY, "[-R] [-w] <rep> <path> ...", "Sets the number of copies; local files always have one."),
    ("stat", "", "", 1, ANY, "[format] <path> ...", "Prints facts of a file: %a %A permissions, %b bytes, %F kind, %g group, %n name, %o block, %r copies, %u user, %x %X access, %y %Y modification."),
    ("tail", "f", "s", 1, 1, "[-f] [-s <sleep interval>] <file>", "Prints the last 1,024 bytes of a file; -f then what is appended, looking every -s milliseconds."),
    ("test", "d e f s w r z", "", 1, 1, "-[defswrz] <path>", "Tells by its exit status whether a path is a directory, exists, is a file, has bytes, may be written, may be read, is empty."),
    ("text", "ignoreCrc", "", 1, ANY, "[-ignoreCrc] <src> ...", "Prints files as text: compressed ones unpacked, records of a SequenceFile as lines."),
    ("touch", "a m c", "t", 1, ANY, "[-a] [-m] [-t TIMESTAMP (yyyyMMdd:HHmmss) ] [-c] <path> ...", "Sets times; -a of access, -m of modification, -t to a given one; makes the file unless -c."),
    ("touchz", "", "", 1, ANY, "<path> ...", "Makes empty files."),
    ("usage", "", "", 0, ANY, "[cmd ...]", "Prints how commands are called."),
];

const GENERIC: &str = "
Generic options supported are:
-conf <configuration file>        specify an application configuration file
-D <property=value>               define a value for a given property
-fs <file:///|hdfs://namenode:port> specify default filesystem URL to use, overrides 'fs.defaultFS' property from configurations.
-jt <local|resourcemanager:port>  specify a ResourceManager
-files <file1,...>                specify a comma-separated list of files to be copied to the map reduce cluster
-libjars <jar1,...>               specify a comma-separated list of jar files to be included in the classpath
-archives <archive1,...>          specify a comma-separated list of archives to be unarchived on the compute machines

The general command line syntax is:
command [genericOptions] [commandOptions]
";

/// All commands, in order of their names.
pub fn all() -> impl Iterator<Item = Command> {
    ROWS.iter().map(|&(name, flags, valued, least, most, synopsis, help)| Command {
        name,
        flags,
        valued,
        least,
        most,
        synopsis,
        help,
    })
}

/// The command of a name without its dash.
pub fn named(name: &str) -> Option<Command> {
    all().find(|command| command.name == name)
}

/// The name that stands for an old one, with its flag.
pub fn replacement(old: &str) -> Option<(&'static str, &'static str)> {
    match old {
        "lsr" => Some(("ls", "-R")),
        "dus" => Some(("du", "-s")),
        "rmr" => Some(("rm", "-r")),
        _ => None,
    }
}

/// How all commands are called.
pub fn usage_of_all() -> String {
    let lines: String = all().map(|command| format!("\t[{}]\n", command.call())).collect();
    format!("Usage: hadoop fs [generic options]\n{lines}{GENERIC}")
}

impl Command {
    fn call(&self) -> String {
        format!("-{} {}", self.name, self.synopsis).trim_end().to_owned()
    }

    pub fn usage(&self) -> String {
        format!("Usage: hadoop fs [generic options] {}", self.call())
    }

    pub fn described(&self) -> String {
        format!("{} :\n  {}\n", self.call(), self.help)
    }

    /// Flags and operands of a command line. Flags come first; `-` is an operand, and `--` ends the flags.
    ///
    /// # Errors
    /// What Hadoop says of a wrong one.
    pub fn parse<'a>(&self, words: &'a [OsString]) -> Result<Words<'a>, String> {
        let mut parsed = Words::of_paths(&[]);
        let mut at = 0;
        while let Some(word) = words.get(at).filter(|word| word.as_bytes().starts_with(b"-") && word.len() > 1) {
            at += 1;
            if word == "--" {
                break;
            }
            let is_in = |flags: &str| flags.split(' ').any(|flag| *word == *format!("-{flag}"));
            if is_in(self.valued) {
                // An operand that the command needs is no value.
                let value = words.get(at).filter(|_| words.len() - at > self.least);
                if words.get(at).is_some_and(|next| next.len() > 1 && next.as_bytes().starts_with(b"-")) {
                    return Err(format!("option {} requires 1 argument.", word.display()));
                }
                at += usize::from(value.is_some());
                if value.is_none() && self.name == "touch" {
                    return Err(format!("option {} requires 1 argument.", word.display()));
                }
                parsed.values.push((word.to_str().unwrap_or_default(), value.map_or(OsStr::new(""), |value| value)));
            } else if is_in(self.flags) || self.keeps(word) {
                parsed.flags.push(word.to_str().unwrap_or_default());
            } else if matches!(self.name, "chmod" | "chown" | "chgrp") {
                // It is a mode, such as -x.
                at -= 1;
                break;
            } else {
                return Err(format!("Illegal option {}", word.display()));
            }
        }
        parsed.paths = words[at..].iter().map(OsString::as_os_str).collect();
        let given = parsed.paths.len();
        if given < self.least {
            return Err(format!("Not enough arguments: expected {} but got {given}", self.least));
        }
        if given > self.most {
            return Err(format!("Too many arguments: expected {} but got {given}", self.most));
        }
        Ok(parsed)
    }

    /// Whether a flag of `-cp` lists what is to be kept, as `-ptopx` does.
    fn keeps(&self, word: &OsStr) -> bool {
        let letters = word.as_bytes().strip_prefix(b"-p");
        self.name == "cp" && letters.is_some_and(|letters| letters.iter().all(|letter| b"topax".contains(letter)))
    }
}
