//! The file that describes an assignment.
//!
//! ```toml
//! name = "Word count"
//! submissions = "submissions"             # a folder for each
//! mapper = "python3 mapper.py"
//! reducer = "python3 reducer.py"
//! combiner = "python3 combiner.py"        # may be left out
//! input = ["books"]
//! expected = "answer.txt"                 # or solution = "solution", a folder with programs that are right
//!
//! [limits]
//! time = "20s"                            # of each run
//! memory = "512MiB"
//! processes = 64
//! output = "64MiB"                        # that each program prints, and that it writes to files
//!
//! [points]
//! runs = 20
//! answer = 40
//! partitions = 20
//! combiner = 10
//! time = 10
//! ```
//!
//! Numbers of an answer that differ by at most 10⁻⁹ of their size are the same, unless both are whole: a sum of floating-point
//! numbers ends in other digits when a combiner or another number of reducers adds in another order.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Deserializer};

use crate::error::{Error, Result};
use crate::quantity::{ByteSize, parse_duration};

/// An assignment. Paths are relative to its file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assignment {
    #[serde(default = "unnamed")]
    pub name: String,
    /// A folder with a folder for each submission.
    pub submissions: PathBuf,
    pub mapper: String,
    pub reducer: Option<String>,
    pub combiner: Option<String>,
    #[serde(deserialize_with = "one_or_many")]
    pub input: Vec<PathBuf>,
    /// A file, or a folder of parts, with the right answer.
    pub expected: Option<PathBuf>,
    /// A folder with programs whose answer is right.
    pub solution: Option<PathBuf>,
    /// Whether the order of the lines counts.
    #[serde(default)]
    pub order: LineOrder,
    /// Files that are laid beside each submission.
    #[serde(default)]
    pub files: Vec<PathBuf>,
    /// Further options of streaming.
    #[serde(default)]
    pub options: Vec<String>,
    #[serde(default = "two")]
    pub reducers: u32,
    #[serde(default)]
    pub limits: Limits,
    #[serde(default)]
    pub points: Points,
}

/// Whether the order of an answer's lines counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LineOrder {
    #[default]
    Any,
    Exact,
}

/// What a submission may take.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Time of each run.
    #[serde(deserialize_with = "time")]
    pub time: Duration,
    /// Time within which the first run must be over for its points.
    #[serde(deserialize_with = "some_time")]
    pub in_time: Option<Duration>,
    /// Memory of all its programs together, mapped or not.
    #[serde(deserialize_with = "size")]
    pub memory: u64,
    /// Processes at the same time.
    pub processes: u64,
    /// Bytes that each program may print, and those of all files that it may write. Files are memory, and gone with the program.
    #[serde(deserialize_with = "size")]
    pub output: u64,
}

/// Points for each test.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Points {
    pub runs: f64,
    pub answer: f64,
    pub partitions: f64,
    pub combiner: f64,
    pub time: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { time: Duration::from_secs(20), in_time: None, memory: 512 << 20, processes: 64, output: 64 << 20 }
    }
}

impl Default for Points {
    fn default() -> Self {
        Points { runs: 20.0, answer: 40.0, partitions: 20.0, combiner: 10.0, time: 10.0 }
    }
}

fn unnamed() -> String {
    "assignment".into()
}

fn two() -> u32 {
    2
}

fn one_or_many<'de, D: Deserializer<'de>>(from: D) -> std::result::Result<Vec<PathBuf>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Paths {
        One(PathBuf),
        Many(Vec<PathBuf>),
    }
    Ok(match Paths::deserialize(from)? {
        Paths::One(path) => vec![path],
        Paths::Many(paths) => paths,
    })
}

fn time<'de, D: Deserializer<'de>>(from: D) -> std::result::Result<Duration, D::Error> {
    parse_duration(&String::deserialize(from)?).map_err(serde::de::Error::custom)
}

fn some_time<'de, D: Deserializer<'de>>(from: D) -> std::result::Result<Option<Duration>, D::Error> {
    time(from).map(Some)
}

fn size<'de, D: Deserializer<'de>>(from: D) -> std::result::Result<u64, D::Error> {
    let size: std::result::Result<ByteSize, String> = String::deserialize(from)?.parse();
    size.map(|size| size.0).map_err(serde::de::Error::custom)
}

/// The text of an assignment, for errors that name a place in it.
struct Text<'a> {
    file: &'a Path,
    text: &'a str,
}

impl Text<'_> {
    /// An error about the value of a key.
    fn wrong(&self, key: &str, value: &str, why: &str) -> Error {
        let is_key = |line: &&str| {
            let rest = line.trim_start().trim_start_matches(['"', '\'']).strip_prefix(key);
            rest.is_some_and(|rest| rest.trim_start_matches(['"', '\'', ' ', '\t']).starts_with('='))
        };
        let line = self.text.lines().position(|line| is_key(&line));
        let place = line.map_or(String::new(), |line| format!(", line {}", line + 1));
        let value = if value.is_empty() { String::new() } else { format!(" = {value}") };
        Error::Config(format!("{}{place}: {key}{value}: {why}", self.file.display()))
    }
}

impl Limits {
    /// Refuses limits with which nothing runs.
    fn check(&self, text: &Text<'_>) -> Result<()> {
        const LEAST_BYTES: u64 = 4 << 10;
        /// An interpreter needs as much before it reads a line.
        const LEAST_MEMORY: u64 = 8 << 20;
        let small = |key: &str, value: u64, least: &str| Err(text.wrong(key, &value.to_string(), least));
        if self.memory < LEAST_MEMORY {
            return small("memory", self.memory, "a program needs at least 8MiB");
        }
        if self.output < LEAST_BYTES {
            return small("output", self.output, "a program needs at least 4KiB");
        }
        if self.processes == 0 {
            return small("processes", self.processes, "a program is at least 1 process");
        }
        Ok(())
    }
}

impl Assignment {
    /// Reads a file.
    ///
    /// # Errors
    /// [`Error::Config`] for what it says wrong, with the key and the line; [`Error::Io`] where the file itself cannot be read.
    pub fn read(file: &Path) -> Result<Self> {
        let text = fs::read_to_string(file).map_err(Error::at("read", file))?;
        let parsed: std::result::Result<Assignment, toml::de::Error> = toml::from_str(&text);
        let mut assignment = parsed.map_err(|error| Error::Config(format!("{}: {error}", file.display())))?;
        let text = Text { file, text: &text };
        let dir = file.parent().unwrap_or(Path::new(""));
        let found = |key: &str, path: &mut PathBuf| match fs::canonicalize(dir.join(&*path)) {
            Ok(real) => {
                *path = real;
                Ok(())
            }
            Err(error) => Err(text.wrong(key, &path.to_string_lossy(), &error.to_string())),
        };
        found("submissions", &mut assignment.submissions)?;
        assignment.input.iter_mut().try_for_each(|path| found("input", path))?;
        assignment.expected.iter_mut().try_for_each(|path| found("expected", path))?;
        assignment.solution.iter_mut().try_for_each(|path| found("solution", path))?;
        assignment.files.iter_mut().try_for_each(|path| found("files", path))?;
        for (key, folder) in
            [("submissions", Some(&assignment.submissions)), ("solution", assignment.solution.as_ref())]
        {
            if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
                return Err(text.wrong(key, &folder.to_string_lossy(), "it is no folder"));
            }
        }
        if assignment.mapper.trim().is_empty() {
            return Err(text.wrong("mapper", "", "there is no command"));
        }
        assignment.limits.check(&text)?;
        let wrong = |what: &str| Err(Error::Config(format!("{}: {what}", file.display())));
        match (&assignment.expected, &assignment.solution) {
            (None, None) => return wrong("it needs expected = FILE, or solution = FOLDER, for the right answer"),
            (Some(_), Some(_)) => return wrong("it has both expected and solution; one is the right answer"),
            _ => {}
        }
        if assignment.reducers == 0 {
            return wrong("reducers = 0: an assignment has at least 1");
        }
        let Points { runs, answer, partitions, combiner, time } = assignment.points;
        if [runs, answer, partitions, combiner, time].iter().any(|points| !points.is_finite() || *points < 0.0) {
            return wrong("points are numbers from 0 on");
        }
        if assignment.combiner.is_none() {
            assignment.points.combiner = 0.0;
        }
        Ok(assignment)
    }

    /// Files and folders that a submission must not see: each, and then the folder of the assignment with whatever lies in it.
    pub fn secrets(&self, file: &Path) -> Vec<PathBuf> {
        let dir = fs::canonicalize(file).ok().and_then(|file| file.parent().map(Path::to_owned));
        let places = self.expected.iter().chain(&self.solution).chain([&self.submissions]).cloned();
        // The root of everything cannot be hidden, nor a folder in it that others need.
        places.chain(dir.filter(|dir| dir.components().count() > 2)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Assignment> {
        let dir = tempfile::tempdir().unwrap();
        for name in ["subs", "sol"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        fs::write(dir.path().join("in.txt"), "a\n").unwrap();
        let file = dir.path().join("assignment.toml");
        fs::write(&file, text).unwrap();
        Assignment::read(&file)
    }

    const LEAST: &str = "submissions = \"subs\"\nmapper = \"cat\"\ninput = \"in.txt\"\n";

    #[test]
    fn what_is_not_said_has_defaults() {
        let assignment = read(&format!("{LEAST}solution = \"sol\"\n[limits]\ntime = \"3s\"\n")).unwrap();
        assert_eq!(assignment.limits.time, Duration::from_secs(3));
        assert_eq!((assignment.limits.memory, assignment.reducers), (512 << 20, 2));
        assert!(assignment.points.combiner == 0.0, "there is no combiner to be lawful");
        assert!(assignment.input[0].is_absolute());
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (text, said) in [
            (LEAST.to_owned(), "expected = FILE"),
            (format!("{LEAST}solution = \"sol\"\nmaper = \"x\"\n"), "maper"),
            (format!("{LEAST}solution = \"sol\"\nreducers = 0\n"), "reducers = 0"),
            (format!("{LEAST}solution = \"nowhere\"\n"), "assignment.toml, line 4: solution = nowhere: "),
            (format!("{LEAST}solution = \"in.txt\"\n"), "it is no folder"),
            (LEAST.replace("subs", "nosuch"), "assignment.toml, line 1: submissions = nosuch: "),
            (format!("{LEAST}solution = \"sol\"\nfiles = [\n  \"sol\",\n  \"lost\"]\n"), "line 5: files = lost: "),
            (format!("{LEAST}solution = \"sol\"\n[limits]\nmemory = \"0\"\n"), "line 6: memory = 0: "),
            (format!("{LEAST}solution = \"sol\"\n[limits]\nprocesses = 0\n"), "line 6: processes = 0: "),
            (format!("{LEAST}solution = \"sol\"\n[limits]\ntime = \"0s\"\n"), "line 6, column 8"),
            (format!("{LEAST}solution = \"sol\"\n[limits]\noutput = \"1\"\n"), "line 6: output = 1: "),
            (format!("{LEAST}solution = \"sol\"\n[points]\nruns = -1\n"), "points are numbers"),
            (format!("{LEAST}solution = \"sol\"\n[limits]\nmemory = \"lots\"\n"), "lots"),
            ("name = ".to_owned(), "assignment.toml"),
        ] {
            let error = read(&text).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
