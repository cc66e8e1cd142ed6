//! Reads Hadoop Streaming's options.
//!
//! Options begin with one hyphen. Those with two are twinmill's own, and are handed back. Hadoop wants its generic options
//! (`-D`, `-files`, …) before the others; here each may stand anywhere.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use crate::error::{Error, Result};
use crate::streaming::properties::{Properties, of_configuration};

/// What was asked for, as it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    pub inputs: Vec<OsString>,
    pub output: Option<OsString>,
    pub mapper: Option<OsString>,
    pub combiner: Option<OsString>,
    pub reducer: Option<OsString>,
    pub reduce_tasks: Option<String>,
    /// Files of `-file`, by which a command is cut to its base name.
    pub packaged: Vec<OsString>,
    /// Files to link into the directory of each task, each `path` or `path#name`.
    pub files: Vec<OsString>,
    /// Archives to unpack there.
    pub archives: Vec<OsString>,
    pub input_format: Option<String>,
    pub output_format: Option<String>,
    pub partitioner: Option<String>,
    pub input_reader: Option<String>,
    /// Commands that are run when a task has failed for the last time.
    pub map_debug: Option<OsString>,
    pub reduce_debug: Option<OsString>,
    pub io: Option<String>,
    pub environment: Vec<OsString>,
    pub lazy_output: bool,
    pub verbose: bool,
    /// madoop's rules: lines as they are, its partition, and no parts of reducers without input.
    pub madoop: bool,
    pub properties: Properties,
    /// Those of files, which those of the command line go before.
    configured: Properties,
    /// Sentences about options that are taken and do nothing.
    pub notes: Vec<String>,
}

/// A command line of streaming.
#[derive(Debug)]
pub enum Asked {
    /// A job, and the words of twinmill's own options.
    Job(Box<Options>, Vec<OsString>),
    /// `-help` and `-info`.
    Help,
}

/// The number of values that an option takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Values {
    None,
    One,
    /// All words up to the next option.
    Many,
}

const OPTIONS: &[(&str, Values)] = &[
    ("input", Values::Many),
    ("output", Values::One),
    ("mapper", Values::One),
    ("combiner", Values::One),
    ("reducer", Values::One),
    ("file", Values::Many),
    ("dfs", Values::One),
    ("additionalconfspec", Values::One),
    ("inputformat", Values::One),
    ("outputformat", Values::One),
    ("partitioner", Values::One),
    ("numReduceTasks", Values::One),
    ("inputreader", Values::One),
    ("mapdebug", Values::One),
    ("reducedebug", Values::One),
    ("jobconf", Values::One),
    ("cmdenv", Values::One),
    ("cacheFile", Values::Many),
    ("cacheArchive", Values::Many),
    ("io", Values::One),
    ("background", Values::None),
    ("verbose", Values::None),
    ("info", Values::None),
    ("debug", Values::None),
    ("help", Values::None),
    ("lazyOutput", Values::None),
    // Not Hadoop's: what `twinmill madoop` puts before its words.
    ("madoop", Values::None),
    ("D", Values::One),
    ("conf", Values::One),
    ("fs", Values::One),
    ("jt", Values::One),
    ("files", Values::One),
    ("archives", Values::One),
    ("libjars", Values::One),
    ("tokenCacheFile", Values::One),
];

/// Reads the words behind `stream`. `takes_value` tells of one of twinmill's own options whether a word follows it.
///
/// # Errors
/// [`Error::Config`] for what is no option, an option without its value, and words that belong to none.
pub fn read(words: &[OsString], takes_value: impl Fn(&OsStr) -> bool) -> Result<Asked> {
    let (mut options, mut own, mut unexpected) = (Options::default(), Vec::new(), Vec::new());
    let mut words = words.iter().peekable();
    while let Some(word) = words.next() {
        if word.as_bytes().starts_with(b"--") {
            own.push(word.clone());
            if !word.as_bytes().contains(&b'=') && takes_value(word) {
                own.extend(words.next().cloned());
            }
            continue;
        }
        if let Some(property) = word.as_bytes().strip_prefix(b"-D").filter(|rest| !rest.is_empty()) {
            options.property(OsStr::from_bytes(property))?;
            continue;
        }
        let Some((name, values)) = option(word) else {
            if word.as_bytes().starts_with(b"-") && word.len() > 1 {
                return Err(Error::Config(format!("Unrecognized option: {}", word.display())));
            }
            unexpected.push(word.to_string_lossy().into_owned());
            continue;
        };
        match values {
            Values::None if name == "help" || name == "info" => return Ok(Asked::Help),
            Values::None => options.flag(name),
            Values::One => {
                let value = words.next_if(|next| option(next).is_none()).ok_or_else(|| missing(name))?;
                options.value(name, unquoted(value))?;
            }
            Values::Many => {
                let mut taken = 0;
                while let Some(value) = words.next_if(|next| option(next).is_none() && !is_own(next)) {
                    options.value(name, unquoted(value))?;
                    taken += 1;
                }
                if taken == 0 {
                    return Err(missing(name));
                }
            }
        }
    }
    if !unexpected.is_empty() {
        return Err(Error::Config(format!(
            "Found {} unexpected arguments on the command line [{}]",
            unexpected.len(),
            unexpected.join(", ")
        )));
    }
    options.take_configured();
    Ok(Asked::Job(Box::new(options), own))
}

fn is_own(word: &OsStr) -> bool {
    word.as_bytes().starts_with(b"--")
}

fn option(word: &OsStr) -> Option<(&'static str, Values)> {
    let name = word.to_str()?.strip_prefix('-')?;
    OPTIONS.iter().find(|(known, _)| *known == name).copied()
}

fn missing(name: &str) -> Error {
    Error::Config(format!("Missing argument for option: {name}"))
}

/// Hadoop's parser takes away quotes around a whole value.
fn unquoted(value: &OsStr) -> &OsStr {
    match value.as_bytes() {
        [b'"', inner @ .., b'"'] if !inner.contains(&b'"') => OsStr::from_bytes(inner),
        _ => value,
    }
}

/// Of an option that is given twice, Hadoop takes the first value.
fn first<T>(option: &mut Option<T>, value: T) {
    option.get_or_insert(value);
}

fn text(name: &str, value: &OsStr) -> Result<String> {
    let text = value.to_str().ok_or_else(|| Error::Config(format!("-{name} {} is not UTF-8", value.display())));
    text.map(str::to_owned)
}

impl Options {
    fn flag(&mut self, name: &str) {
        match name {
            "lazyOutput" => self.lazy_output = true,
            "verbose" => self.verbose = true,
            "madoop" => self.madoop = true,
            name => self.note(name),
        }
    }

    fn note(&mut self, name: &str) {
        self.notes.push(format!("-{name} does nothing on one machine"));
    }

    fn value(&mut self, name: &str, value: &OsStr) -> Result<()> {
        match name {
            "input" => self.inputs.push(value.to_owned()),
            "output" => first(&mut self.output, value.to_owned()),
            "mapper" => first(&mut self.mapper, value.to_owned()),
            "combiner" => first(&mut self.combiner, value.to_owned()),
            "reducer" => first(&mut self.reducer, value.to_owned()),
            "numReduceTasks" => first(&mut self.reduce_tasks, text(name, value)?),
            "file" => {
                self.packaged.push(value.to_owned());
                self.files.push(value.to_owned());
            }
            "files" | "cacheFile" => self.files.extend(commas(value)),
            "archives" | "cacheArchive" => self.archives.extend(commas(value)),
            "inputformat" => first(&mut self.input_format, text(name, value)?),
            "outputformat" => first(&mut self.output_format, text(name, value)?),
            "partitioner" => first(&mut self.partitioner, text(name, value)?),
            "io" => first(&mut self.io, text(name, value)?),
            "cmdenv" => self.environment.push(value.to_owned()),
            "D" | "jobconf" => self.property(value)?,
            "conf" | "additionalconfspec" => self.configuration(value)?,
            "inputreader" => first(&mut self.input_reader, text(name, value)?),
            "mapdebug" => first(&mut self.map_debug, value.to_owned()),
            "reducedebug" => first(&mut self.reduce_debug, value.to_owned()),
            name => self.note(name),
        }
        Ok(())
    }

    fn property(&mut self, property: &OsStr) -> Result<()> {
        let property = text("D", property)?;
        let (name, value) = property
            .split_once('=')
            .ok_or_else(|| Error::Config(format!("-D {property}: a property is written name=value")))?;
        self.properties.set(name, value);
        Ok(())
    }

    /// Reads the properties of one of Hadoop's configuration files. One that is missing is passed over, as Hadoop does.
    fn configuration(&mut self, path: &OsStr) -> Result<()> {
        let path = std::path::Path::new(path);
        match std::fs::read_to_string(path) {
            Ok(file) => of_configuration(&file).iter().for_each(|(name, value)| self.configured.set(name, value)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                self.notes.push(format!("the configuration {} is not there, and was passed over", path.display()));
            }
            Err(error) => return Err(Error::io("read", path, error)),
        }
        Ok(())
    }

    /// Sets the properties of files that no option has set.
    fn take_configured(&mut self) {
        for (name, value) in std::mem::take(&mut self.configured).iter() {
            if self.properties.get(name).is_none() {
                self.properties.set(name, value);
            }
        }
    }
}

/// The items of a comma list; commas in `{}` do not separate.
pub fn commas(list: &OsStr) -> Vec<OsString> {
    let (mut items, mut depth, mut start) = (Vec::new(), 0, 0);
    let bytes = list.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            b',' if depth == 0 => {
                items.push(OsStr::from_bytes(&bytes[start..at]).to_owned());
                start = at + 1;
            }
            _ => {}
        }
    }
    items.push(OsStr::from_bytes(&bytes[start..]).to_owned());
    items.retain(|item| !item.is_empty());
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<OsString> {
        words.iter().map(OsString::from).collect()
    }

    fn job(line: &[&str]) -> (Options, Vec<OsString>) {
        match read(&words(line), |name| name == "--report").unwrap() {
            Asked::Job(options, own) => (*options, own),
            Asked::Help => panic!("help"),
        }
    }

    #[test]
    fn options_stand_in_any_order_and_twinmills_own_are_handed_back() {
        let (options, own) = job(&[
            "-mapper",
            "cat -n",
            "--report",
            "r.json",
            "-input",
            "a",
            "b",
            "-D",
            "x.y=1=2",
            "--quiet",
            "-Dz=",
            "-output",
            "o",
            "-file",
            "m.py",
            "-files",
            "{a,b}#c,d",
        ]);
        assert_eq!(options.inputs, words(&["a", "b"]));
        assert_eq!(options.mapper, Some("cat -n".into()));
        assert_eq!((options.properties.get("x.y"), options.properties.get("z")), (Some("1=2"), Some("")));
        assert_eq!((options.files, options.packaged), (words(&["m.py", "{a,b}#c", "d"]), words(&["m.py"])));
        assert_eq!(own, words(&["--report", "r.json", "--quiet"]));
    }

    #[test]
    fn properties_of_the_command_line_go_before_those_of_files() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let property =
            |name: &str, value: &str| format!("<property><name>{name}</name><value>{value}</value></property>");
        std::fs::write(&file, property("mapred.reduce.tasks", "9") + &property("b", "file")).unwrap();
        let conf = file.path().to_str().unwrap();
        for line in [["-D", "mapreduce.job.reduces=2", "-conf", conf], ["-conf", conf, "-D", "mapreduce.job.reduces=2"]]
        {
            let (options, _) = job(&line);
            let got = ["mapreduce.job.reduces", "b"].map(|name| options.properties.get(name));
            assert_eq!(got, [Some("2"), Some("file")]);
        }
        let (options, _) = job(&["-conf", "missing.xml"]);
        assert!(options.notes[0].contains("missing.xml"), "{:?}", options.notes);
    }

    #[test]
    fn what_is_no_option_is_refused_as_hadoop_says_it() {
        for (line, said) in [
            (&["-input", "a", "-output", "b", "c"][..], "Found 1 unexpected arguments on the command line [c]"),
            (&["-outptu", "b"], "Unrecognized option: -outptu"),
            (&["-mapper", "-output", "x"], "Missing argument for option: mapper"),
        ] {
            assert_eq!(read(&words(line), |_| false).unwrap_err().to_string(), said);
        }
    }
}
