//! Keeps a program from replacing anything that it reads by anything that it writes.
//!
//! Paths are compared by the files that they lead to, not as text: a [`Place`] knows the device and inode of the file
//! and of every directory above it, so that links, `..`, bind mounts and names in another case make no difference. A
//! path that does not exist yet is identified by its last directory that exists and the names below it. [`Plan::check`]
//! compares all places of a program before any work:
//!
//! | written      | may not be                                                                                           |
//! |--------------|------------------------------------------------------------------------------------------------------|
//! | output       | an input, above an input, a directory whose files are input, the work directory or above it           |
//! | work directory | an input that is a file                                                                             |
//! | file         | an input, one of an input's files, the output, the name of a part, the work directory, another file   |
//!
//! A new output below an input is allowed, since nothing of it shows before everything has been read. A file that is
//! written while others still read may not show below an input.

use std::collections::{HashSet, VecDeque};
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use walkdir::WalkDir;

use crate::cancel::CancelToken;
use crate::config::JobConfig;
use crate::error::{Error, Result};
use crate::runtime::output_names::is_reserved;

/// A device and an inode on it.
type Id = (u64, u64);

/// The place that a path leads to, whether a file exists there or not.
#[derive(Clone, Debug)]
pub struct Place {
    given: PathBuf,
    resolved: PathBuf,
    /// The place itself, then the directories above it.
    levels: Vec<Level>,
}

/// The last thing that exists on the way to a place, and the names that are still to be made below it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Level {
    base: Option<Id>,
    missing: PathBuf,
}

impl Place {
    /// Resolves a path.
    ///
    /// # Errors
    /// [`Error::Io`] where links go round in circles, or the current directory is gone.
    pub fn of(path: &Path) -> Result<Self> {
        let resolved = resolve(path).map_err(Error::at("find", path))?;
        let mut levels: Vec<Level> = resolved.ancestors().map(Level::of).collect();
        // A link in `/proc` may lead to a file without a name.
        if let Ok(metadata) = fs::metadata(path) {
            levels[0] = Level { base: Some(id(&metadata)), missing: PathBuf::new() };
        }
        Ok(Place { given: path.to_owned(), resolved, levels })
    }

    /// Whether both are one file, directory, or name.
    pub fn is(&self, other: &Place) -> bool {
        self.levels[0] == other.levels[0]
    }

    /// Whether this lies below a directory, at any depth.
    pub fn lies_in(&self, dir: &Place) -> bool {
        self.levels[1..].contains(&dir.levels[0])
    }

    fn exists(&self) -> bool {
        self.levels[0].missing.as_os_str().is_empty() && self.levels[0].base.is_some()
    }

    fn metadata(&self) -> Option<Metadata> {
        fs::metadata(&self.given).ok()
    }

    /// The names that lead to it from a directory above it.
    fn names_below(&self, dir: &Place) -> Vec<&[u8]> {
        let depth =
            self.levels[1..].iter().position(|level| *level == dir.levels[0]).map_or(0, |position| position + 1);
        let names: Vec<_> = self.resolved.iter().map(OsStrExt::as_bytes).collect();
        names[names.len().saturating_sub(depth)..].to_vec()
    }

    /// Whether a walk through a directory above it would skip it.
    fn is_hidden_in(&self, dir: &Place) -> bool {
        self.names_below(dir).iter().any(|name| is_skipped(name))
    }
}

impl Level {
    fn of(path: &Path) -> Self {
        for ancestor in path.ancestors() {
            match fs::metadata(ancestor) {
                Ok(metadata) => {
                    let missing = path.strip_prefix(ancestor).unwrap_or(path).to_owned();
                    return Level { base: Some(id(&metadata)), missing };
                }
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => break,
                Err(_) => {}
            }
        }
        Level { base: None, missing: path.to_owned() }
    }
}

fn id(metadata: &Metadata) -> Id {
    (metadata.dev(), metadata.ino())
}

fn is_skipped(name: &[u8]) -> bool {
    matches!(name.first(), Some(b'_' | b'.'))
}

/// The absolute path without links and `..`, of which the end need not exist.
///
/// # Errors
/// Those of circular links, and of a current directory that is gone.
pub fn resolve(path: &Path) -> io::Result<PathBuf> {
    const MOST_LINKS: u32 = 40;
    match path.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        found => return found,
    }
    let mut resolved = PathBuf::from("/");
    let mut ahead: VecDeque<PathBuf> = VecDeque::from([std::path::absolute(path)?]);
    let mut links = 0;
    while let Some(next) = ahead.pop_front() {
        let mut components = next.components();
        let Some(first) = components.next() else { continue };
        ahead.push_front(components.as_path().to_owned());
        match first {
            Component::RootDir | Component::Prefix(_) => resolved = PathBuf::from("/"),
            Component::CurDir => {}
            Component::ParentDir => drop(resolved.pop()),
            Component::Normal(name) => {
                let step = resolved.join(name);
                match fs::read_link(&step) {
                    Ok(target) => {
                        links += 1;
                        if links > MOST_LINKS {
                            return Err(nix::errno::Errno::ELOOP.into());
                        }
                        ahead.push_front(target);
                    }
                    Err(_) => resolved = step,
                }
            }
        }
    }
    Ok(resolved)
}

/// The moment from which written files can be seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Appears {
    /// After the inputs have been read.
    #[default]
    AfterReading,
    /// While others still read the inputs.
    WhileReading,
}

/// All that a program reads and writes.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Files and directories that are read; `-` is standard input.
    pub inputs: Vec<PathBuf>,
    /// The directory for the output.
    pub output: Option<PathBuf>,
    /// The directory for intermediates.
    pub work_dir: Option<PathBuf>,
    /// Files that are written, each with the option that names it. Those that exist are replaced.
    pub files: Vec<(&'static str, PathBuf)>,
    /// The moment from which these files can be seen.
    pub appears: Appears,
}

impl Plan {
    /// The reads and writes of a run with these settings.
    pub fn of(config: &JobConfig, inputs: &[PathBuf]) -> Self {
        Plan {
            inputs: inputs.iter().chain(&config.side_inputs).cloned().collect(),
            output: config.output.clone(),
            work_dir: Some(config.work_dir.clone()),
            ..Plan::default()
        }
    }

    /// Compares every place with every other, and touches nothing.
    ///
    /// # Errors
    /// [`Error::Config`] that names both paths, where something read would be replaced or two things have one place.
    pub fn check(&self, cancel: &CancelToken) -> Result<()> {
        let stdin = Path::new("/dev/stdin");
        let input = |path: &PathBuf| Place::of(if path.as_os_str() == "-" { stdin } else { path });
        let inputs: Vec<Place> = self.inputs.iter().map(input).collect::<Result<_>>()?;
        let output = self.output.as_deref().map(Place::of).transpose()?;
        let work_dir = self.work_dir.as_deref().map(Place::of).transpose()?;
        let files = self.files.iter().map(|(option, path)| Ok(Written { option, place: Place::of(path)? }));
        let files: Vec<Written> = files.filter(|file| !is_standard_stream(file)).collect::<Result<_>>()?;
        if let Some(output) = &output {
            inputs.iter().try_for_each(|input| check_output(output, input))?;
        }
        if let Some(work_dir) = &work_dir {
            check_work_dir(work_dir, &inputs, output.as_ref())?;
        }
        for (number, file) in files.iter().enumerate() {
            inputs.iter().try_for_each(|input| self.check_file(file, input))?;
            if let Some(output) = &output {
                file.check_against_output(output)?;
            }
            if let Some(work_dir) = &work_dir
                && (file.place.is(work_dir) || work_dir.lies_in(&file.place))
            {
                return refuse(format!("{file} is the place of --work-dir {}", work_dir.given.display()));
            }
            files[..number].iter().try_for_each(|other| file.check_against(other))?;
        }
        self.look_through_inputs(&inputs, output.as_ref(), &files, cancel)
    }

    fn check_file(&self, file: &Written, input: &Place) -> Result<()> {
        let shown = input.given.display();
        if file.place.is(input) && !is_special(&file.place) {
            return refuse(format!("{file} is the input {shown}, which it would replace; name another file"));
        }
        if input.lies_in(&file.place) {
            return refuse(format!("{file} lies above the input {shown}; name another file"));
        }
        if !file.place.lies_in(input) || file.place.is_hidden_in(input) || is_special(&file.place) {
            return Ok(());
        }
        if file.place.exists() {
            return refuse(format!("{file} is one of the files of the input {shown}; name another file"));
        }
        match self.appears {
            Appears::AfterReading => Ok(()),
            Appears::WhileReading => refuse(format!(
                "{file} would appear in the input {shown} while that is read; name a file elsewhere, or one that begins \
                 with . or _"
            )),
        }
    }

    /// Looks for links within the inputs that lead to a file to be written. Only links can give such a file another
    /// name.
    fn look_through_inputs(
        &self,
        inputs: &[Place],
        output: Option<&Place>,
        files: &[Written],
        cancel: &CancelToken,
    ) -> Result<()> {
        let mut replaced: Vec<(Id, String)> = Vec::new();
        if let Some(output) = output
            && let Some(found) = output.metadata()
        {
            let named = format!("--output {}", output.given.display());
            replaced.push((id(&found), named.clone()));
            let entries = fs::read_dir(&output.given).into_iter().flatten().flatten();
            replaced.extend(entries.filter_map(|entry| Some((id(&entry.metadata().ok()?), named.clone()))));
        }
        for file in files.iter().filter(|file| !is_special(&file.place)) {
            if let Some(found) = file.place.metadata() {
                replaced.push((id(&found), file.to_string()));
            } else if let (Appears::WhileReading, Some(Level { base: Some(dir), missing })) =
                (self.appears, file.place.levels.first())
                && !is_skipped(missing.as_os_str().as_bytes())
            {
                replaced.push((*dir, file.to_string()));
            }
        }
        if replaced.is_empty() {
            return Ok(());
        }
        let ids: HashSet<Id> = replaced.iter().map(|(id, _)| *id).collect();
        for input in inputs.iter().filter(|input| input.exists()) {
            let visible = |entry: &walkdir::DirEntry| entry.depth() == 0 || !is_skipped(entry.file_name().as_bytes());
            // Errors are left to the reader of the input.
            let walk = WalkDir::new(&input.resolved).follow_links(true).into_iter().filter_entry(visible).flatten();
            for entry in walk {
                cancel.check()?;
                let Some(found) = entry.metadata().ok().map(|metadata| id(&metadata)).filter(|id| ids.contains(id))
                else {
                    continue;
                };
                // The directory of a new file may be an input, which was checked by its name.
                if let Some((_, named)) = replaced.iter().find(|(id, _)| *id == found) {
                    let path = entry.path().display();
                    return refuse(format!("{named} is also {path}, which is input; name another place"));
                }
            }
        }
        Ok(())
    }
}

/// A file that is to be written.
struct Written {
    option: &'static str,
    place: Place,
}

impl std::fmt::Display for Written {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.option, self.place.given.display())
    }
}

impl Written {
    fn check_against(&self, other: &Written) -> Result<()> {
        if is_special(&self.place) || is_special(&other.place) {
            return Ok(());
        }
        if self.place.is(&other.place) {
            return refuse(format!("{self} and {other} are the same file; name two"));
        }
        if self.place.lies_in(&other.place) || other.place.lies_in(&self.place) {
            return refuse(format!("{self} and {other} lie in one another; name two places"));
        }
        Ok(())
    }

    fn check_against_output(&self, output: &Place) -> Result<()> {
        let shown = output.given.display();
        if self.place.is(output) || output.lies_in(&self.place) {
            return refuse(format!("{self} is the place of --output {shown}; name another file"));
        }
        if !self.place.lies_in(output) {
            return Ok(());
        }
        match self.place.names_below(output)[..] {
            [name] if !is_reserved(name) => Ok(()),
            [_] => refuse(format!("{self} has the name of a part of --output {shown}; name another file")),
            _ => refuse(format!(
                "{self} lies in a directory of --output {shown}, which has none; name a file directly in it"
            )),
        }
    }
}

/// A device, pipe or socket: written to, never replaced.
fn is_special(place: &Place) -> bool {
    place.metadata().is_some_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

fn is_standard_stream(file: &Result<Written>) -> bool {
    file.as_ref().is_ok_and(|file| file.place.given.as_os_str() == "-")
}

fn check_output(output: &Place, input: &Place) -> Result<()> {
    let (named, shown) = (format!("--output {}", output.given.display()), input.given.display());
    if output.is(input) {
        return refuse(format!("{named} is the input {shown}, which it would replace; name another directory"));
    }
    if input.lies_in(output) {
        return refuse(format!("{named} lies above the input {shown}, which would be lost; name another directory"));
    }
    if output.lies_in(input) && output.exists() && !output.is_hidden_in(input) {
        return refuse(format!(
            "{named} exists in the input {shown}, so that its files are input too; name another directory, or one that \
             begins with . or _"
        ));
    }
    Ok(())
}

fn check_work_dir(work_dir: &Place, inputs: &[Place], output: Option<&Place>) -> Result<()> {
    let named = format!("--work-dir {}", work_dir.given.display());
    let is_file = |place: &&Place| place.metadata().is_some_and(|metadata| !metadata.is_dir());
    if let Some(file) = inputs.iter().filter(is_file).find(|file| work_dir.is(file) || work_dir.lies_in(file)) {
        return refuse(format!("{named}: the input {} is there; name a directory", file.given.display()));
    }
    if let Some(output) = output {
        let shown = output.given.display();
        if work_dir.is(output) {
            return refuse(format!("{named} is also --output {shown}; name two directories"));
        }
        if work_dir.lies_in(output) {
            return refuse(format!("{named} lies in --output {shown}; name a directory outside"));
        }
    }
    Ok(())
}

fn refuse(message: String) -> Result<()> {
    Err(Error::Config(message))
}
