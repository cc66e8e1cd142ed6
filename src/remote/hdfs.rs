//! HDFS, by its own protocol. `HADOOP_CONF_DIR` (or `HADOOP_HOME`) names the directory of the user's `core-site.xml` and
//! `hdfs-site.xml`, where name services, failover and Kerberos are set; the ticket is the user's.
//!
//! A file is known by its length and the time of its last change: HDFS has no names of versions. The places of its blocks are
//! asked for once and kept while it is read. An output is written below another name, which begins with a dot, and renamed.

use std::collections::HashMap;
use std::env;
use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use hdfs_native::client::FileStatus;
use hdfs_native::file::FileReader;
use hdfs_native::{Client, ClientBuilder, HdfsError, WriteOptions};

use crate::cancel::CancelToken;
use crate::config::ExistingOutput;
use crate::error::Result;
use crate::observe::activity::lock;
use crate::remote::address::Address;
use crate::remote::failure::Failure;
use crate::remote::pending::{Pending, begin, retried, runtime, within};
use crate::remote::store::{Entry, Found, Output, Store};

/// Time for a range, and for an answer of a NameNode: a standby is asked again, until one of them is active.
const TRANSFER_LIMIT: Duration = Duration::from_secs(120);
const ANSWER_LIMIT: Duration = Duration::from_secs(30);
/// Time for all the answers that a large tree takes.
const LISTING_LIMIT: Duration = Duration::from_secs(600);
/// The port of a NameNode that an address leaves out.
const USUAL_PORT: u16 = 8020;
/// Bytes that are written at once.
const WRITE_BYTES: usize = 1 << 20;
/// Files whose blocks are known at a time.
const MOST_KNOWN: usize = 1024;
const DIRECTORY_MODE: u32 = 0o755;

/// A file system of HDFS.
#[derive(Debug)]
pub(crate) struct Hdfs {
    client: Client,
    known: Arc<Mutex<HashMap<String, Arc<Known>>>>,
}

/// The blocks of a file, as it was.
struct Known {
    modified_ms: i64,
    reader: FileReader,
}

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Known").field("modified_ms", &self.modified_ms).finish_non_exhaustive()
    }
}

/// The directory of the user's settings, for messages.
fn settings() -> String {
    let named = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    match (named("HADOOP_CONF_DIR"), named("HADOOP_HOME")) {
        (Some(dir), _) => format!("HADOOP_CONF_DIR is {dir}"),
        (None, Some(home)) => format!("HADOOP_CONF_DIR is not set; HADOOP_HOME is {home}"),
        (None, None) => "neither HADOOP_CONF_DIR nor HADOOP_HOME is set".to_owned(),
    }
}

impl Hdfs {
    /// Makes a file system ready: reads the settings, and nothing else.
    ///
    /// # Errors
    /// [`Error::Unreachable`](crate::Error::Unreachable) that names where settings were looked for.
    pub fn connect(address: &Address) -> Result<Arc<Self>> {
        let refused = |why: String| Failure::Refused(why).during("reach", address.store().as_ref());
        let handle = runtime().map_err(|failure| failure.during("reach", address.store().as_ref()))?.handle().clone();
        // One machine is not asked as often as several of which one will be active.
        let of_one = [("dfs.client.failover.max.attempts", "3")];
        let build = |url: String| ClientBuilder::new().with_url(url).with_io_runtime(handle.clone());
        let url = format!("{}/", address.store());
        let has_port = url.trim_end_matches('/').rsplit(':').next().is_some_and(|port| port.parse::<u16>().is_ok());
        let is_machine = address.scheme() == "hdfs" && address.store() != "hdfs://";
        let client = match has_port {
            true => build(url).with_config(of_one).build(),
            false => match build(url).build() {
                // No name service of the settings is called so.
                Err(HdfsError::InvalidArgument(_)) if is_machine => {
                    build(format!("{}:{USUAL_PORT}/", address.store())).with_config(of_one).build()
                }
                built => built,
            },
        };
        let client = client.map_err(|error| refused(format!("{error} ({})", settings())))?;
        Ok(Arc::new(Hdfs { client, known: Arc::default() }))
    }

    /// The file or directory at a path; `None` where there is neither.
    ///
    /// # Errors
    /// Those of asking.
    pub fn status(&self, path: &str) -> Result<Option<FileStatus>, Failure> {
        let (client, path) = (self.client.clone(), absolute(path));
        match ask(async move { client.get_file_info(&path).await }, &CancelToken::default()) {
            Err(Failure::Missing) => Ok(None),
            found => found.map(Some),
        }
    }

    /// The files and directories in a directory, in order of their names.
    ///
    /// # Errors
    /// Those of asking.
    pub fn entries(&self, dir: &str) -> Result<Vec<FileStatus>, Failure> {
        let (client, dir) = (self.client.clone(), absolute(dir));
        let mut entries = ask(async move { client.list_status(&dir, false).await }, &CancelToken::default())?;
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(entries)
    }

    /// Makes a directory, and those above it if they may be made, too.
    ///
    /// # Errors
    /// Those of asking.
    pub fn make_directory(&self, path: &str, with_parents: bool) -> Result<(), Failure> {
        let (client, path) = (self.client.clone(), absolute(path));
        ask(async move { client.mkdirs(&path, DIRECTORY_MODE, with_parents).await }, &CancelToken::default())
    }

    /// Removes a file, or a directory with all that is in it; tells whether there was one.
    ///
    /// # Errors
    /// Those of asking.
    pub fn remove(&self, path: &str) -> Result<bool, Failure> {
        let (client, path) = (self.client.clone(), absolute(path));
        ask(async move { client.delete(&path, true).await }, &CancelToken::default())
    }

    /// Gives a file or directory another name, which nothing has.
    ///
    /// # Errors
    /// Those of asking.
    pub fn rename(&self, from: &str, to: &str) -> Result<(), Failure> {
        let (client, from, to) = (self.client.clone(), absolute(from), absolute(to));
        ask(async move { client.rename(&from, &to, false).await }, &CancelToken::default())
    }

    /// Writes a file.
    ///
    /// # Errors
    /// Those of reading `content` and of writing.
    pub fn write(
        &self,
        path: &str,
        content: &mut dyn Read,
        replace: bool,
        cancel: &CancelToken,
    ) -> Result<(), Failure> {
        let (client, path) = (self.client.clone(), absolute(path));
        let options = WriteOptions::default().overwrite(replace).create_parent(false);
        let mut writer = ask(async move { client.create(&path, options).await }, cancel)?;
        loop {
            let mut bytes = Vec::with_capacity(WRITE_BYTES);
            content.take(WRITE_BYTES as u64).read_to_end(&mut bytes).map_err(|error| local(&error))?;
            let is_last = bytes.is_empty();
            let written = begin(within(TRANSFER_LIMIT, async move {
                let written = match is_last {
                    true => writer.close().await,
                    false => writer.write_bytes(Bytes::from(bytes)).await.map(drop),
                };
                written.map(|()| writer).map_err(|error| failure(&error))
            }));
            writer = written.wait(cancel)?;
            if is_last {
                return Ok(());
            }
        }
    }
}

fn local(error: &io::Error) -> Failure {
    Failure::Refused(format!("the file on this machine cannot be read: {error}"))
}

fn absolute(path: &str) -> String {
    format!("/{}", path.trim_matches('/'))
}

/// Waits for an answer. The client itself asks again where that can help.
fn ask<T: Send + 'static>(
    work: impl Future<Output = hdfs_native::Result<T>> + Send + 'static,
    cancel: &CancelToken,
) -> Result<T, Failure> {
    begin(answer(ANSWER_LIMIT, work)).wait(cancel)
}

/// The answer of a NameNode, which may take so long.
async fn answer<T>(limit: Duration, work: impl Future<Output = hdfs_native::Result<T>>) -> Result<T, Failure> {
    match tokio::time::timeout(limit, work).await {
        Ok(answer) => answer.map_err(|error| failure(&error)),
        Err(_) => {
            let (seconds, settings) = (limit.as_secs(), settings());
            Err(Failure::Passing(format!("no active NameNode answered within {seconds} s ({settings})")))
        }
    }
}

fn failure(error: &HdfsError) -> Failure {
    let refused = || Failure::Refused(format!("{error} ({})", settings()));
    match error {
        HdfsError::FileNotFound(_) => Failure::Missing,
        HdfsError::RPCError(class, message) | HdfsError::FatalRPCError(class, message) => {
            let (class, first) =
                (class.rsplit('.').next().unwrap_or(class), message.lines().next().unwrap_or_default());
            let words = format!("{first} ({class})");
            match class {
                "FileNotFoundException" => Failure::Missing,
                "StandbyException" | "SafeModeException" | "RetriableException" | "ObserverRetryOnActiveException" => {
                    Failure::Passing(words)
                }
                _ => Failure::Refused(words),
            }
        }
        HdfsError::IOError(cause) => Failure::Passing(format!("{cause} ({})", settings())),
        HdfsError::DataTransferError(_)
        | HdfsError::ChecksumError
        | HdfsError::BlocksNotFound(_)
        | HdfsError::InvalidRPCResponse(_)
        | HdfsError::OperationFailed(_) => Failure::Passing(error.to_string()),
        HdfsError::SASLError(_) | HdfsError::GSSAPIError(..) | HdfsError::NoSASLMechanism => Failure::Refused(format!(
            "{error}; a cluster with Kerberos wants a ticket (kinit) or HADOOP_TOKEN_FILE_LOCATION ({})",
            settings()
        )),
        _ => refused(),
    }
}

fn entry(status: FileStatus) -> Entry {
    Entry {
        path: status.path.trim_matches('/').to_owned(),
        bytes: status.length as u64,
        modified_ms: status.modification_time as i64,
        tag: None,
        block_bytes: status.blocksize.filter(|bytes| *bytes > 0),
    }
}

async fn find(client: &Client, path: &str) -> Result<Found, Failure> {
    match answer(ANSWER_LIMIT, client.get_file_info(path)).await {
        Err(Failure::Missing) => Ok(Found::Nothing),
        Err(failure) => Err(failure),
        Ok(status) if !status.isdir => Ok(Found::File(entry(status))),
        Ok(_) => {
            let below = answer(LISTING_LIMIT, client.list_status(path, true)).await?;
            Ok(Found::Directory(below.into_iter().filter(|status| !status.isdir).map(entry).collect()))
        }
    }
}

type AllKnown = Mutex<HashMap<String, Arc<Known>>>;

/// The blocks of a file; those that were found for an earlier read, unless that failed.
async fn known(client: &Client, all: &AllKnown, file: &Entry) -> Result<Arc<Known>, Failure> {
    if let Some(known) = lock(all).get(&file.path).filter(|known| known.modified_ms == file.modified_ms) {
        return Ok(known.clone());
    }
    let reader = client.read(&absolute(&file.path)).await.map_err(|error| match failure(&error) {
        Failure::Missing => Failure::Changed("it is not there any more".into()),
        failure => failure,
    })?;
    if reader.file_length() as u64 != file.bytes {
        file.compare(&Entry { bytes: reader.file_length() as u64, ..file.clone() })?;
    }
    let known = Arc::new(Known { modified_ms: file.modified_ms, reader });
    let mut all = lock(all);
    if all.len() >= MOST_KNOWN {
        all.clear();
    }
    all.insert(file.path.clone(), known.clone());
    Ok(known)
}

async fn read(client: &Client, all: &AllKnown, file: &Entry, range: Range<u64>) -> Result<Vec<u8>, Failure> {
    let known = known(client, all, file).await?;
    let bytes = (range.end - range.start) as usize;
    let mut parts = Box::pin(known.reader.read_range_stream(range.start as usize, bytes));
    let mut whole = Vec::with_capacity(bytes);
    while let Some(part) = parts.next().await {
        let part = part.map_err(|error| {
            // Its blocks may lie elsewhere by now.
            lock(all).remove(&file.path);
            failure(&error)
        })?;
        whole.extend_from_slice(&part);
    }
    match whole.len() == bytes {
        true => Ok(whole),
        false => Err(Failure::Passing(format!("{} bytes came instead of {bytes}", whole.len()))),
    }
}

impl Store for Hdfs {
    fn find(&self, path: &str) -> Pending<Found> {
        let (client, path) = (self.client.clone(), absolute(path));
        begin(async move { find(&client, &path).await })
    }

    fn read(&self, file: &Arc<Entry>, range: Range<u64>) -> Pending<Vec<u8>> {
        let (client, all, file) = (self.client.clone(), self.known.clone(), file.clone());
        begin(async move { retried(|| within(TRANSFER_LIMIT, read(&client, &all, &file, range.clone()))).await })
    }

    fn knows_versions(&self, _file: &Entry) -> bool {
        false
    }

    fn check(&self, file: &Arc<Entry>) -> Pending<()> {
        let (client, file) = (self.client.clone(), file.clone());
        begin(async move {
            let now = answer(ANSWER_LIMIT, client.get_file_info(&absolute(&file.path))).await?;
            file.compare(&entry(now))
        })
    }

    fn begin_output(&self, dir: &str, cancel: &CancelToken) -> Result<Box<dyn Output>, Failure> {
        let (parent, name) = dir.rsplit_once('/').unwrap_or(("", dir));
        let beside = |what: &str| format!("{parent}/.{name}.twinmill-{what}-{}", std::process::id());
        let files = Hdfs { client: self.client.clone(), known: Arc::default() };
        let staging =
            Staging { files, dir: dir.to_owned(), staging: beside("new"), old: beside("old"), is_shown: false };
        cancel.check().map_err(|_| Failure::Cancelled)?;
        staging.files.make_directory(&staging.staging, true)?;
        Ok(Box::new(staging))
    }
}

/// An output below another name.
#[derive(Debug)]
struct Staging {
    files: Hdfs,
    dir: String,
    staging: String,
    /// The name of an output that was there, until the new one is.
    old: String,
    is_shown: bool,
}

impl Output for Staging {
    fn put(&mut self, name: &str, file: &Path, cancel: &CancelToken) -> Result<(), Failure> {
        let mut file = File::open(file).map_err(|error| local(&error))?;
        self.files.write(&format!("{}/{name}", self.staging), &mut file, false, cancel)
    }

    fn commit(mut self: Box<Self>, existing: ExistingOutput, _cancel: &CancelToken) -> Result<(), Failure> {
        let is_there = self.files.status(&self.dir)?.is_some();
        if is_there && existing == ExistingOutput::Refuse {
            return Err(Failure::Refused("it exists by now, made by someone else".into()));
        }
        if is_there {
            self.files.rename(&self.dir, &self.old)?;
        }
        let shown = self.files.rename(&self.staging, &self.dir);
        if is_there && shown.is_err() {
            self.files.rename(&self.old, &self.dir)?;
        }
        shown?;
        self.is_shown = true;
        if is_there { self.files.remove(&self.old).map(drop) } else { Ok(()) }
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if !self.is_shown {
            // What fails here is not the error to tell.
            let _ = self.files.remove(&self.staging);
        }
    }
}
