//! Inputs and outputs in other file systems: `hdfs://…`, `s3://…`.
//!
//! What this build [reads and writes by itself](crate::remote) needs nothing here but the output: inputs are read where they lie,
//! by the tasks that an engine runs on other machines as well, and an output is written on this machine, and sent there when it
//! is complete. The rest goes through the user's `hadoop` command: an input is fetched to a private directory
//! before any work, and an output is put there under another name first, and then renamed.

use std::path::{Path, PathBuf};

use crate::CancelToken;
use crate::cli::private_directory;
use crate::cli::terminal::say;
use crate::config::{ExistingOutput, Resume};
use crate::engine::hadoop::client::{Client, says_missing};
use crate::engine::options::EngineOptions;
use crate::error::Error;
use crate::measure::failure::Failure;
use crate::remote::{self, Address, Found, Output};
use crate::runtime::work_dir::WorkDir;
use crate::{Session, part_files};

fn client(address: &Address, options: &EngineOptions) -> Result<Client, Failure> {
    Client::find(options.get("streaming-jar")).map_err(|error| match error {
        // There is none.
        Error::Config(_) => address.check_built_in().err().unwrap_or(error).into(),
        error => error.into(),
    })
}

/// Inputs that were fetched; they are removed with it.
pub struct Fetched {
    _dir: WorkDir,
}

impl Fetched {
    /// Fetches the inputs that this build does not read where they lie, and tells the session.
    ///
    /// # Errors
    /// In the words of the `hadoop` command; [`Error::Config`] where there is none.
    pub fn take(inputs: &[PathBuf], session: &mut Session, options: &EngineOptions) -> Result<Option<Self>, Failure> {
        let address = |path: &PathBuf| Address::of(path).filter(|address| !address.is_built_in());
        let remote: Vec<(&PathBuf, Address)> = inputs.iter().filter_map(|path| Some((path, address(path)?))).collect();
        let Some((_, first)) = remote.first() else { return Ok(None) };
        let client = client(first, options)?;
        let dir = private_directory::create(&session.config.work_dir, "twinmill-input-")?;
        let mut stand_ins = Vec::new();
        for (number, (path, address)) in remote.into_iter().enumerate() {
            // A directory of its own for each, so that every one keeps its name.
            let (place, address) = (dir.path().join(number.to_string()), address.text());
            std::fs::create_dir(&place).map_err(Failure::at("create", &place))?;
            client.fs(&["-get", address, &place.display().to_string()], &session.cancel)?;
            let fetched = std::fs::read_dir(&place).map_err(Failure::at("read", &place))?.next();
            let fetched =
                fetched.ok_or_else(|| Failure::failed(format!("`hadoop fs -get {address}` fetched nothing")))?;
            let fetched = fetched.map_err(Failure::at("read", &place))?.path();
            stand_ins.push((path.clone(), fetched, path.clone()));
        }
        session.inputs = session.inputs.with_stand_ins(stand_ins);
        if matches!(session.config.resume, Resume::Continue { .. }) {
            say("nothing is resumed, since an input that is fetched again is not known to be the same");
        }
        session.config.resume = Resume::Off;
        Ok(Some(Fetched { _dir: dir }))
    }
}

/// An output that will lie elsewhere.
pub struct RemoteOutput {
    address: Address,
    existing: ExistingOutput,
    way: Way,
}

/// The way to another file system.
enum Way {
    BuiltIn,
    Command(Client),
}

impl RemoteOutput {
    /// Takes the output from the settings, if it is to lie elsewhere, and looks whether it may.
    ///
    /// # Errors
    /// [`Error::OutputExists`]; [`Failure`] where it would replace what a run did not make, or an input; those of the store, or in
    /// the words of the `hadoop` command.
    pub fn take(inputs: &[PathBuf], session: &mut Session, options: &EngineOptions) -> Result<Option<Self>, Failure> {
        let Some(address) = session.config.output.as_deref().and_then(Address::of) else { return Ok(None) };
        session.config.output = None;
        let built_in = address.is_built_in();
        let way = if built_in { Way::BuiltIn } else { Way::Command(client(&address, options)?) };
        let output = RemoteOutput { address, existing: session.config.existing_output, way };
        output.spare(inputs)?;
        let Some(there) = output.files_there(&session.cancel)? else { return Ok(Some(output)) };
        if output.existing == ExistingOutput::Refuse {
            return Err(Error::OutputExists(output.address.text().into()).into());
        }
        let foreign =
            there.iter().find(|name| !(name.starts_with("part-") || name.starts_with('_')) || name.contains('/'));
        match foreign {
            None => Ok(Some(output)),
            Some(name) => Err(Failure::failed(format!(
                "output {} has {name}, which no run made; --overwrite replaces only what a run made",
                output.address.text()
            ))),
        }
    }

    /// Refuses an output whose old files are input.
    fn spare(&self, inputs: &[PathBuf]) -> Result<(), Failure> {
        let output = &self.address;
        let touches = |input: &Address| {
            let replaced = self.existing == ExistingOutput::Overwrite && output.is_or_lies_in(input);
            input.is_or_lies_in(output) || replaced
        };
        match inputs.iter().filter_map(|input| Address::of(input)).find(touches) {
            None => Ok(()),
            Some(input) => Err(Error::Config(format!(
                "--output {} would replace files of --input {}; name another",
                output.text(),
                input.text()
            ))
            .into()),
        }
    }

    /// The names of the files of an output that exists.
    fn files_there(&self, cancel: &CancelToken) -> Result<Option<Vec<String>>, Failure> {
        let address = &self.address;
        match &self.way {
            Way::BuiltIn => {
                let found = remote::at(address)?.find(address.path()).wait(cancel);
                let name = |path: &str| path.strip_prefix(address.path()).unwrap_or(path).trim_matches('/').to_owned();
                match found.map_err(|failure| failure.during("look at output", address.text().as_ref()))? {
                    Found::Nothing => Ok(None),
                    // A file at the place of a directory.
                    Found::File(entry) => Ok(Some(vec![format!("/{}", entry.path)])),
                    Found::Directory(entries) => Ok(Some(entries.iter().map(|entry| name(&entry.path)).collect())),
                }
            }
            Way::Command(client) => match client.fs(&["-ls", "-C", address.text()], cancel) {
                Ok(listing) => {
                    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
                    Ok(Some(listing.lines().map(name).collect()))
                }
                Err(error) if says_missing(&error) => Ok(None),
                Err(error) => Err(error.into()),
            },
        }
    }

    /// Puts a complete output there.
    ///
    /// # Errors
    /// Those of the store, or in the words of the `hadoop` command.
    pub fn put(&self, output: &Path, cancel: &CancelToken) -> Result<PathBuf, Failure> {
        let mut files = part_files(output)?;
        files.push(output.join("_SUCCESS"));
        match &self.way {
            Way::BuiltIn => self.send(&files, cancel)?,
            Way::Command(client) => self.put_by_command(client, &files, cancel)?,
        }
        Ok(self.address.text().into())
    }

    /// Sends files by the store's own protocol.
    fn send(&self, files: &[PathBuf], cancel: &CancelToken) -> Result<(), Failure> {
        let address = &self.address;
        let failed = |failure: remote::Failure| failure.during("write output", address.text().as_ref());
        let mut there: Box<dyn Output> = remote::at(address)?.begin_output(address.path(), cancel).map_err(failed)?;
        for file in files {
            let name = file.file_name().and_then(|name| name.to_str()).expect("parts have names of their own");
            there.put(name, file, cancel).map_err(failed)?;
        }
        Ok(there.commit(self.existing, cancel).map_err(failed)?)
    }

    fn put_by_command(&self, client: &Client, files: &[PathBuf], cancel: &CancelToken) -> Result<(), Failure> {
        let address = self.address.text().trim_end_matches('/');
        let staging = format!("{address}.twinmill-{}", std::process::id());
        let files: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
        let put = || -> Result<(), Error> {
            client.fs(&["-mkdir", "-p", &staging], cancel)?;
            let mut words = vec!["-put"];
            words.extend(files.iter().map(String::as_str));
            words.push(&staging);
            client.fs(&words, cancel)?;
            client.fs(&["-rm", "-r", "-f", "-skipTrash", address], cancel)?;
            client.fs(&["-mv", &staging, address], cancel)?;
            Ok(())
        };
        Ok(put().inspect_err(|_| {
            // What is left there must not stay; the first error is the one to tell.
            let _ = client.fs(&["-rm", "-r", "-f", "-skipTrash", &staging], &CancelToken::default());
        })?)
    }
}
