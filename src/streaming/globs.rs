//! Patterns of paths, as Hadoop reads them: `*`, `?`, `[a-z]`, `[^a]`, `{a,b}`.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::error::{Error, Result};
use crate::remote::Address;
use crate::streaming::properties::{of_configuration, user};

/// The inputs that a pattern names, in order. A name that no pattern matches may be that of a file with `*` in it. Inputs whose
/// names begin with `_` or `.` are hidden from jobs, even where they are named in full.
pub fn expand(pattern: &OsStr) -> Vec<PathBuf> {
    let pattern = local(pattern).into_os_string();
    let pattern = pattern.as_bytes();
    let literal = Path::new(OsStr::from_bytes(pattern));
    if is_special(pattern) {
        return vec![literal.to_owned()];
    }
    let mut paths: Vec<PathBuf> =
        braces(pattern).iter().flat_map(|pattern| matched(Path::new(OsStr::from_bytes(pattern)))).collect();
    if paths.is_empty() && literal.symlink_metadata().is_ok() {
        paths.push(literal.to_owned());
    }
    paths.retain(|path| !is_hidden(path));
    paths.sort();
    paths.dedup();
    paths
}

/// Whether jobs pass a file over for its name.
pub fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| matches!(name.as_bytes().first(), Some(b'_' | b'.')))
}

/// The local path of a name: `file:/a`, `hdfs://host/a`, `a`. What is named `hdfs:` lies in a directory of the user's data,
/// which `TWINMILL_HDFS` may name.
pub fn local(name: &OsStr) -> PathBuf {
    let bytes = name.as_bytes();
    if let Some(path) = bytes.strip_prefix(b"hdfs:") {
        // `//host` comes before the path.
        let path = match path.strip_prefix(b"//") {
            Some(rest) => &rest[memchr::memchr(b'/', rest).unwrap_or(rest.len())..],
            None => path,
        };
        let inner = path.iter().position(|byte| *byte != b'/').unwrap_or(path.len());
        return hdfs().join(OsStr::from_bytes(&path[inner..]));
    }
    let path = bytes.strip_prefix(b"file://").or_else(|| bytes.strip_prefix(b"file:")).unwrap_or(bytes);
    PathBuf::from(OsStr::from_bytes(path))
}

/// The address of a name in HDFS, where the user's settings name one as the default file system and this build reaches it: of
/// `hdfs:/a`, `hdfs://host/a`, `/a`, and `a`, which lies in the user's home directory there.
pub fn hdfs_address(name: &OsStr) -> Option<String> {
    let (name, default) = (name.to_str()?, default_hdfs()?);
    let path = match name.strip_prefix("hdfs:") {
        Some(rest) if rest.starts_with("//") && !rest.starts_with("///") => return Some(name.to_owned()),
        Some(path) => path,
        None if Address::of(Path::new(name)).is_some() || name.starts_with("file:") || name == "-" => return None,
        None => name,
    };
    let absolute = match path.starts_with('/') {
        true => path.trim_start_matches('/').to_owned(),
        false => format!("user/{}/{path}", user()),
    };
    Some(format!("{default}/{absolute}"))
}

/// The default file system of the user's settings, if that is an HDFS that this build reaches.
fn default_hdfs() -> Option<&'static str> {
    static DEFAULT: OnceLock<Option<String>> = OnceLock::new();
    DEFAULT.get_or_init(|| default_file_system().filter(|address| is_reached_hdfs(address))).as_deref()
}

/// Whether an address is that of an HDFS that this build reaches.
fn is_reached_hdfs(address: &str) -> bool {
    Address::of(Path::new(address)).is_some_and(|address| address.is_built_in() && address.scheme() == "hdfs")
}

/// The default file system that a command line names instead of the user's settings.
static CHOSEN: OnceLock<String> = OnceLock::new();

/// Makes this the default file system of the process: `file:///`, `local`, `hdfs://host:port`, or `host:port` of an HDFS. It comes
/// before the first name is looked up.
///
/// # Errors
/// [`Error::Config`] for one that this build does not reach: the names of files there must not be taken for those of files here.
pub fn choose_file_system(name: &str) -> Result<()> {
    let address = match name {
        "local" => "file:///".to_owned(),
        name if name.contains("://") || name.starts_with("file:") => name.trim_end_matches('/').to_owned(),
        name => format!("hdfs://{name}"),
    };
    if !address.starts_with("file:") && !is_reached_hdfs(&address) {
        let how = if address.starts_with("hdfs:") { "; one that does is built with --features hdfs" } else { "" };
        return Err(Error::Config(format!("this build does not reach the file system {name}{how}")));
    }
    CHOSEN.set(address).map_err(|_| Error::Config("there is a default file system already".into()))
}

/// `fs.defaultFS` in the `core-site.xml` of `HADOOP_CONF_DIR` or `HADOOP_HOME`, without a slash at its end.
fn default_file_system() -> Option<String> {
    if let Some(chosen) = CHOSEN.get() {
        return Some(chosen.clone());
    }
    let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let dir = named("HADOOP_CONF_DIR").or_else(|| Some(named("HADOOP_HOME")?.join("etc/hadoop")))?;
    let value = file_system_of(&fs::read_to_string(dir.join("core-site.xml")).ok()?)?;
    Some(value.trim_end_matches('/').to_owned())
}

/// The default file system that a configuration file names. As in Hadoop, the last one counts.
pub fn file_system_of(xml: &str) -> Option<String> {
    of_configuration(xml).into_iter().rfind(|(name, _)| is_file_system(name)).map(|(_, value)| value)
}

/// Whether a property is the default file system, by its name or its old one.
pub fn is_file_system(property: &str) -> bool {
    property == "fs.defaultFS" || property == "fs.default.name"
}

fn hdfs() -> PathBuf {
    let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let data = || named("XDG_DATA_HOME").or_else(|| named("HOME").map(|home| home.join(".local/share")));
    named("TWINMILL_HDFS").unwrap_or_else(|| data().unwrap_or_else(std::env::temp_dir).join("twinmill/hdfs"))
}

/// Standard input.
fn is_special(pattern: &[u8]) -> bool {
    pattern == b"-"
}

/// Refuses an input directory that holds directories, as Hadoop does unless it is told to walk into them.
///
/// # Errors
/// [`Error::Io`] that names the directory.
pub fn refuse_directories_in(path: &Path) -> Result<()> {
    if !path.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(path).map_err(Error::at("read input", path))? {
        let entry = entry.map_err(Error::at("read input", path))?;
        if !is_hidden(&entry.path()) && entry.path().is_dir() {
            let why =
                "Not a file: to read what is in it, set -D mapreduce.input.fileinputformat.input.dir.recursive=true";
            return Err(Error::io("read input", &entry.path(), io::Error::new(ErrorKind::IsADirectory, why)));
        }
    }
    Ok(())
}

/// A file, or the files in a directory, in order; directories in it are passed over.
///
/// # Errors
/// [`Error::Io`] where there is none.
pub fn files_in(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        path.metadata().map_err(Error::at("read input", path))?;
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(Error::at("read input", path))? {
        let entry = entry.map_err(Error::at("read input", path))?;
        if entry.path().is_file() && !entry.file_name().as_bytes().starts_with(b".") {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

/// The patterns that `{a,b}` stands for.
pub fn braces(pattern: &[u8]) -> Vec<Vec<u8>> {
    let Some(open) = pattern.iter().position(|byte| *byte == b'{') else { return vec![pattern.to_vec()] };
    let (mut depth, mut start, mut choices) = (0, open + 1, Vec::new());
    for (at, byte) in pattern.iter().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b',' if depth == 1 => {
                choices.push(&pattern[start..at]);
                start = at + 1;
            }
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            choices.push(&pattern[start..at]);
            let with = |choice: &&[u8]| braces(&[&pattern[..open], choice, &pattern[at + 1..]].concat());
            return choices.iter().flat_map(with).collect();
        }
    }
    vec![pattern.to_vec()]
}

/// The paths that match a pattern without braces.
fn matched(pattern: &Path) -> Vec<PathBuf> {
    let mut paths = vec![PathBuf::new()];
    for component in pattern.components() {
        let name = component.as_os_str();
        paths = paths
            .into_iter()
            .flat_map(|path| if is_pattern(name.as_bytes()) { entries(&path, name) } else { vec![path.join(name)] })
            .collect();
    }
    paths.retain(|path| path.symlink_metadata().is_ok());
    paths
}

/// Whether there is anything in it that matches more than itself.
pub fn is_pattern(name: &[u8]) -> bool {
    name.iter().any(|byte| matches!(byte, b'*' | b'?' | b'[' | b'{'))
}

fn entries(dir: &Path, pattern: &OsStr) -> Vec<PathBuf> {
    let place = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    let names = fs::read_dir(place).into_iter().flatten().flatten().map(|entry| entry.file_name());
    let wanted = |name: &OsString| is_match(pattern.as_bytes(), name.as_bytes());
    names.filter(wanted).map(|name| dir.join(name)).collect()
}

/// Whether a name matches a pattern without braces.
pub fn is_match(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern, name) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => (0..=name.len()).any(|skipped| is_match(rest, &name[skipped..])),
        ([b'?', rest @ ..], [_, name @ ..]) => is_match(rest, name),
        ([b'[', rest @ ..], [byte, name @ ..]) => {
            let Some(end) = rest.iter().skip(1).position(|byte| *byte == b']').map(|at| at + 1) else { return false };
            in_class(&rest[..end], *byte) && is_match(&rest[end + 1..], name)
        }
        ([b'\\', wanted, rest @ ..], [byte, name @ ..]) | ([wanted, rest @ ..], [byte, name @ ..]) => {
            wanted == byte && is_match(rest, name)
        }
        _ => false,
    }
}

fn in_class(class: &[u8], byte: u8) -> bool {
    let (negated, class) = match class {
        [b'^' | b'!', rest @ ..] => (true, rest),
        class => (false, class),
    };
    let (mut at, mut found) = (0, false);
    while at < class.len() {
        match class[at..] {
            [first, b'-', last, ..] => {
                found |= (first..=last).contains(&byte);
                at += 3;
            }
            [one, ..] => {
                found |= one == byte;
                at += 1;
            }
            [] => unreachable!("there is a byte at this place"),
        }
    }
    found != negated
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_hadoops_do() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a1", "a2", "b1", "_c", ".d", "a*", "[x]"] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        let names = |pattern: &str| -> Vec<String> {
            let paths = expand(dir.path().join(pattern).as_os_str());
            paths.iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
        };
        for (pattern, expected) in [
            ("*", &["[x]", "a*", "a1", "a2", "b1"][..]),
            ("a?", &["a*", "a1", "a2"]),
            ("[ab]1", &["a1", "b1"]),
            ("[^a]*", &["[x]", "b1"]),
            ("[a-b]2", &["a2"]),
            ("{a1,b1}", &["a1", "b1"]),
            ("{a,b}{1,3}", &["a1", "b1"]),
            ("x*", &[]),
            ("_c", &[]),
            ("[ab]*", &["a*", "a1", "a2", "b1"]),
            ("a*", &["a*", "a1", "a2"]),
            ("[x]", &["[x]"]),
        ] {
            assert_eq!(names(pattern), expected, "{pattern}");
        }
    }
}
