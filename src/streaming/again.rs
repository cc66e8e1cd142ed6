//! The command line that does one task again, without the framework.
//!
//! ```text
//! (d=$(mktemp -d) && cd "$d" && ln -s /home/ann/m.py m.py && INPUT | env NAME=VALUE … python3 m.py)
//! ```
//!
//! INPUT is a part of a file where the program was given the file's own bytes. Else `twinmill stream` writes what the task
//! reads: with `cat` as mapper what a mapper reads, and with Hadoop's identity as reducer what a reducer reads.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::job::TaskInput;
use crate::streaming::archive::Archive;
use crate::streaming::environment::Variables;
use crate::streaming::job::{Command, IN_ORDER, MapInput, MapStep, StreamJob};
use crate::streaming::reach::compression;
use crate::streaming::role::TaskKind;
use crate::streaming::words::quoted;

/// What a program was given.
#[derive(Clone, Copy, Debug, Default)]
pub enum TaskBytes {
    /// So many bytes of its file from an offset on, as they are.
    File { first: u64, bytes: u64 },
    /// The records of its split.
    #[default]
    Split,
    /// The records of all inputs.
    All,
}

/// How the tasks of a job come to what they read.
#[derive(Debug, Default)]
pub struct Again {
    /// The words of the job.
    words: String,
    mapper: Option<Command>,
    /// Whether a mapper is given lines and nothing else.
    takes_lines: bool,
    /// Whether mappers, and reducers, read what a shell does not pass on.
    is_binary: (bool, bool),
    /// What stands between key and value for a reducer.
    separator: Vec<u8>,
    /// Why the input is not there any more.
    gone: Option<&'static str>,
    split_bytes: Option<u64>,
    reducers: u32,
    /// The program that runs the job.
    program: PathBuf,
    /// Names in the directories of attempts, and what they lead to.
    pub links: Vec<(OsString, PathBuf)>,
    /// Names of directories, and the archives that they were unpacked from.
    pub archives: Vec<(OsString, Archive)>,
    /// What is removed with the job.
    pub place: PathBuf,
}

/// An attempt at a task.
pub struct Of<'a> {
    pub kind: TaskKind,
    pub variables: &'a Variables,
    pub input: Option<&'a TaskInput>,
    /// Number of the task.
    pub part: u32,
    /// Time after which it failed.
    pub limit: Option<Duration>,
}

/// A line, and what it leaves out.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    pub line: String,
    pub but: Option<&'static str>,
}

impl Again {
    /// How the tasks of a job come to what they read.
    pub fn of(job: &StreamJob, split_bytes: Option<u64>, reducers: u32) -> Self {
        Again {
            words: job.words.iter().map(|word| quoted(word.as_bytes())).collect::<Vec<_>>().join(" "),
            mapper: if let MapStep::Command(mapper) = &job.mapper { Some(mapper.clone()) } else { None },
            takes_lines: job.gives_lines_alone() && matches!(job.input, MapInput::Offsets),
            is_binary: (!job.map_input.is_text(), !job.reduce_input.is_text()),
            separator: job.properties.separator("stream.reduce.input.field.separator"),
            gone: if job.words.windows(2).any(|words| words[0] == "-input" && words[1] == "-") {
                Some("the input came through a pipe; keep it in a file, and name the file")
            } else if job.properties.switch(IN_ORDER, false) {
                Some("its input was a sample that is removed with the check")
            } else {
                None
            },
            program: std::env::current_exe()
                .ok()
                .filter(|program| program.is_file())
                .unwrap_or_else(|| "twinmill".into()),
            split_bytes,
            reducers,
            links: Vec::new(),
            archives: Vec::new(),
            place: PathBuf::new(),
        }
    }

    /// The line that does a task again.
    ///
    /// # Errors
    /// Why there is none.
    pub fn line(&self, of: &Of<'_>, command: &Command, bytes: TaskBytes) -> Result<Line, &'static str> {
        let of_lines = matches!(of.kind, TaskKind::Map | TaskKind::Partition);
        if if of_lines { self.is_binary.0 } else { self.is_binary.1 } {
            return Err("what it reads is binary, and no shell passes it on");
        }
        if let Some(why) = self.gone {
            return Err(why);
        }
        let limit = of.limit.map(|limit| format!("timeout {} ", limit.as_secs_f64())).unwrap_or_default();
        let program = format!("{limit}{}", self.program(of, command));
        let (before, reading, but) = match of.kind {
            TaskKind::Map | TaskKind::Partition => match of.input.and_then(|input| self.part_of_file(input, bytes)) {
                Some(reading) => (None, Read::Piped(reading), None),
                None if matches!(bytes, TaskBytes::All) => {
                    return Err("all of the inputs were one task; run it with --dry again");
                }
                None => (Some(self.stream(of.kind, false)), Read::Part(of.part), None),
            },
            TaskKind::Combine => (
                Some(self.stream(of.kind, true)),
                Read::Part(0),
                Some("it is given the records of all map tasks at once, where the combiner was given some of one"),
            ),
            TaskKind::Reduce => (Some(self.stream(of.kind, true)), Read::Part(of.part), None),
        };
        let mut line = String::from("(d=$(mktemp -d)");
        if let Some(stream) = before {
            let here = std::env::current_dir().unwrap_or_default();
            line.extend([" && cd ", &quoted(here.as_os_str().as_bytes()), " && ", &stream]);
        }
        line.push_str(" && cd \"$d\"");
        self.ship(command, of.kind, &mut line);
        let mapper = self.mapper.as_ref().filter(|_| of.kind == TaskKind::Partition);
        let mapper = mapper.map(|mapper| format!("{} | ", self.program(of, mapper))).unwrap_or_default();
        match reading {
            Read::Piped(reading) => line.extend([" && ", &reading, " | ", &mapper, &program, ")"]),
            Read::Part(part) => {
                let given = format!("given/part-{part:05}");
                let read = if mapper.is_empty() {
                    format!("{program} < {given}")
                } else {
                    format!("cat {given} | {mapper}{program}")
                };
                line.extend([" && ", &read, ")"]);
            }
        }
        Ok(Line { line, but })
    }

    /// The command that writes a task's part of a file to its output; `None` where that is not all it was given.
    fn part_of_file(&self, input: &TaskInput, bytes: TaskBytes) -> Option<String> {
        let path = std::path::absolute(&input.path).ok()?;
        let file = quoted(path.as_os_str().as_bytes());
        let all = path.metadata().ok().filter(|file| file.is_file())?.len();
        if !self.takes_lines {
            return None;
        }
        match (compression(&path).ok()?, bytes) {
            (None, TaskBytes::File { first, bytes }) => {
                Some(format!("tail -c +{} {file} | head -c {bytes}", first + 1))
            }
            // Records that are no lines as they are.
            (None, _) => None,
            (Some(codec), _) if input.start == 0 && input.bytes >= all => Some(format!("{} {file}", codec.command()?)),
            // Not all of the compressed file.
            (Some(_), _) => None,
        }
    }

    /// The job that writes what its tasks read.
    fn stream(&self, kind: TaskKind, is_reduced: bool) -> String {
        // Of an option that is given twice the first value counts, and of a property the last.
        let mut line = quoted(self.program.as_os_str().as_bytes());
        line.push_str(" stream --quiet -output \"$d\"/given -outputformat org.apache.hadoop.mapred.TextOutputFormat");
        if let Some(bytes) = self.split_bytes {
            line.push_str(&format!(" --split-size={bytes}"));
        }
        if is_reduced {
            let reducers = if kind == TaskKind::Combine { 1 } else { self.reducers };
            line.push_str(&format!(" --reducers={reducers} -reducer org.apache.hadoop.mapred.lib.IdentityReducer"));
            if kind == TaskKind::Combine {
                line.push_str(" -combiner org.apache.hadoop.mapred.lib.IdentityReducer");
            }
        } else {
            line.push_str(" -mapper cat -reducer NONE");
        }
        line.extend([" ", &self.words, " -D mapreduce.output.fileoutputformat.compress=false"]);
        if !is_reduced {
            line.push_str(" -D stream.map.output=keyonlytext");
        } else if self.separator != b"\t" {
            let separator = [&b"mapreduce.output.textoutputformat.separator="[..], &self.separator].concat();
            line.extend([" -D ", &quoted(&separator)]);
        }
        line
    }

    /// Adds what makes the shipped files appear in the directory.
    fn ship(&self, command: &Command, kind: TaskKind, line: &mut String) {
        let programs: Vec<&[u8]> = [Some(command), self.mapper.as_ref().filter(|_| kind == TaskKind::Partition)]
            .into_iter()
            .flatten()
            .filter_map(|command| command.words.first())
            .map(|word| word.strip_prefix(b"./").unwrap_or(word))
            .collect();
        for (name, target) in &self.links {
            let is_plain = target.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 == 0);
            let (name, target) = (name.as_bytes(), quoted(target.as_os_str().as_bytes()));
            // As in a task, a program is made executable, and the user's own file stays as it is.
            if is_plain && programs.contains(&name) {
                let name = quoted(name);
                line.push_str(&format!(" && cp {target} {name} && chmod +x {name}"));
            } else {
                line.push_str(&format!(" && ln -s {target} {}", quoted(name)));
            }
        }
        for (name, archive) in &self.archives {
            let dir = quoted(name.as_bytes());
            let unpacking: Vec<String> =
                archive.unpacking(Path::new(name)).iter().map(|word| quoted(word.as_bytes())).collect();
            line.push_str(&format!(" && mkdir {dir} && {}", unpacking.join(" ")));
        }
    }

    /// A command with its variables.
    fn program(&self, of: &Of<'_>, command: &Command) -> String {
        let mut line = String::from("env");
        for (name, value) in of.variables.iter().filter(|(name, _)| name != "TMPDIR") {
            // Directories of the job are gone when the line is read.
            if Path::new(value).starts_with(&self.place) {
                line.extend([" ", &quoted(name.as_bytes()), "=\"$d\""]);
            } else {
                line.extend([" ", &quoted(&[name.as_bytes(), b"=", value.as_bytes()].concat())]);
            }
        }
        for (number, word) in command.words.iter().enumerate() {
            let is_here = number == 0 && self.links.iter().any(|(name, _)| name.as_bytes() == word);
            line.extend([if is_here { " ./" } else { " " }, &quoted(word)]);
        }
        line
    }
}

/// How a program is given what it reads.
enum Read {
    /// By a command before it.
    Piped(String),
    /// From a part of what a job has written.
    Part(u32),
}
