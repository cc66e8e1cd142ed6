//! Inputs and outputs in file systems that are reached by the `hadoop` command: `hdfs://…`, `s3a://…`.
//!
//! An input is fetched to a private directory before any work, and an output is written here and put there when it is complete:
//! under another name first, and then renamed.

use std::path::{Path, PathBuf};

use crate::CancelToken;
use crate::cli::private_directory;
use crate::config::ExistingOutput;
use crate::engine::hadoop::client::Client;
use crate::engine::options::EngineOptions;
use crate::error::Error;
use crate::measure::failure::Failure;
use crate::runtime::work_dir::WorkDir;
use crate::{Session, part_files};

/// The address of a path in another file system.
fn address(path: &Path) -> Option<&str> {
    let text = path.to_str()?;
    let (scheme, _) = text.split_once("://")?;
    let is_scheme =
        !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    is_scheme.then_some(text)
}

fn client(options: &EngineOptions) -> Result<Client, Failure> {
    Ok(Client::find(options.get("streaming-jar"))?)
}

/// Inputs that were fetched; they are removed with it.
pub struct Fetched {
    _dir: WorkDir,
}

impl Fetched {
    /// Fetches the inputs that lie elsewhere, and tells the session.
    ///
    /// # Errors
    /// In the words of the `hadoop` command.
    pub fn take(inputs: &[PathBuf], session: &mut Session, options: &EngineOptions) -> Result<Option<Self>, Failure> {
        let remote: Vec<(&PathBuf, &str)> = inputs.iter().filter_map(|path| Some((path, address(path)?))).collect();
        if remote.is_empty() {
            return Ok(None);
        }
        let client = client(options)?;
        let dir = private_directory::create(&session.config.work_dir, "twinmill-input-")?;
        let mut stand_ins = Vec::new();
        for (number, (path, address)) in remote.into_iter().enumerate() {
            // A directory of its own for each, so that every one keeps its name.
            let place = dir.path().join(number.to_string());
            std::fs::create_dir(&place).map_err(Failure::at("create", &place))?;
            client.fs(&["-get", address, &place.display().to_string()], &session.cancel)?;
            let fetched = std::fs::read_dir(&place).map_err(Failure::at("read", &place))?.next();
            let fetched =
                fetched.ok_or_else(|| Failure::failed(format!("`hadoop fs -get {address}` fetched nothing")))?;
            let fetched = fetched.map_err(Failure::at("read", &place))?.path();
            stand_ins.push((path.clone(), fetched, path.clone()));
        }
        session.inputs = session.inputs.with_stand_ins(stand_ins);
        Ok(Some(Fetched { _dir: dir }))
    }
}

/// An output that will lie elsewhere.
pub struct RemoteOutput {
    client: Client,
    address: String,
}

impl RemoteOutput {
    /// Takes the output from the settings, if it is to lie elsewhere, and looks whether it may.
    ///
    /// # Errors
    /// [`Error::OutputExists`], and errors in the words of the `hadoop` command.
    pub fn take(session: &mut Session, options: &EngineOptions) -> Result<Option<Self>, Failure> {
        let Some(address) = session.config.output.as_deref().and_then(address) else { return Ok(None) };
        let address = address.trim_end_matches('/').to_owned();
        session.config.output = None;
        let output = RemoteOutput { client: client(options)?, address };
        let there = output.client.fs(&["-ls", "-d", &output.address], &session.cancel);
        match (there, session.config.existing_output) {
            (Ok(_), ExistingOutput::Refuse) => Err(Error::OutputExists(output.address.into()).into()),
            (Ok(_), ExistingOutput::Overwrite) => {
                output.is_an_output(&session.cancel)?;
                Ok(Some(output))
            }
            (Err(Error::Cancelled), _) => Err(Error::Cancelled.into()),
            (Err(error), _) if error.to_string().contains("No such file or directory") => Ok(Some(output)),
            (Err(error), _) => Err(error.into()),
        }
    }

    /// Whether everything in the output that exists is what a run makes.
    fn is_an_output(&self, cancel: &CancelToken) -> Result<(), Failure> {
        let listing = self.client.fs(&["-ls", "-C", &self.address], cancel)?;
        let foreign = listing.lines().find(|path| {
            let name = path.rsplit('/').next().unwrap_or_default();
            !(name.starts_with("part-") || name.starts_with('_'))
        });
        match foreign {
            None => Ok(()),
            Some(path) => Err(Failure::failed(format!(
                "output {} has {path}, which no run made; --overwrite replaces only what a run made",
                self.address
            ))),
        }
    }

    /// Puts a complete output there.
    ///
    /// # Errors
    /// In the words of the `hadoop` command.
    pub fn put(&self, output: &Path, cancel: &CancelToken) -> Result<PathBuf, Failure> {
        let staging = format!("{}.twinmill-{}", self.address, std::process::id());
        let mut files: Vec<String> = part_files(output)?.iter().map(|part| part.display().to_string()).collect();
        files.push(output.join("_SUCCESS").display().to_string());
        let put = || -> Result<(), Error> {
            self.client.fs(&["-mkdir", "-p", &staging], cancel)?;
            let mut words = vec!["-put"];
            words.extend(files.iter().map(String::as_str));
            words.push(&staging);
            self.client.fs(&words, cancel)?;
            self.client.fs(&["-rm", "-r", "-f", "-skipTrash", &self.address], cancel)?;
            self.client.fs(&["-mv", &staging, &self.address], cancel)?;
            Ok(())
        };
        put().inspect_err(|_| {
            // What is left there must not stay; the first error is the one to tell.
            let _ = self.client.fs(&["-rm", "-r", "-f", "-skipTrash", &staging], &CancelToken::default());
        })?;
        Ok(self.address.clone().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_scheme() {
        assert_eq!(address(Path::new("hdfs://h:1/x")), Some("hdfs://h:1/x"));
        assert_eq!(address(Path::new("s3a://bucket/x")), Some("s3a://bucket/x"));
        assert!(["/data/x", "a b://c", "x:/y", "://x"].iter().all(|path| address(Path::new(path)).is_none()));
    }
}
