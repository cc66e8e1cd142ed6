//! A file as it was found, and the bytes that are fetched before they are asked for.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};

use crate::cancel::CancelToken;
use crate::error::{Error, Result};
use crate::observe::activity::lock;
use crate::remote::address::Address;
use crate::remote::copies::Copies;
use crate::remote::failure::Failure;
use crate::remote::pending::Pending;
use crate::remote::store::{Entry, Found, Store};
use crate::remote::stores::at;

/// A file of a store, as it was found.
#[derive(Debug)]
pub(crate) struct RemoteFile {
    /// Names the store.
    address: Arc<Address>,
    /// Looked for when it is first asked.
    store: OnceLock<Result<Arc<dyn Store>, Failure>>,
    entry: Arc<Entry>,
    /// Stops whoever waits for it.
    cancel: CancelToken,
    /// By their first offsets.
    held: Mutex<BTreeMap<u64, Held>>,
    copies: Copies,
}

/// A range that was fetched beforehand.
#[derive(Debug)]
enum Held {
    UnderWay(u64, Pending<Vec<u8>>),
    There(Vec<u8>),
}

impl Held {
    fn bytes(&self) -> u64 {
        match self {
            Held::UnderWay(bytes, _) => *bytes,
            Held::There(bytes) => bytes.len() as u64,
        }
    }
}

impl PartialEq for RemoteFile {
    fn eq(&self, other: &Self) -> bool {
        self.entry == other.entry
    }
}

impl Eq for RemoteFile {}

impl RemoteFile {
    /// The files at and below an address, each with its own, in byte order of their paths. Below a directory, names that
    /// begin with `_` or `.` are passed over, and so is what marks a directory in a store that has none.
    ///
    /// # Errors
    /// [`Error::Io`] where there is nothing; those of the store.
    pub fn list(address: &Address, cancel: &CancelToken) -> Result<Vec<(String, Arc<RemoteFile>)>> {
        let name = Path::new(address.text());
        let store = at(address)?;
        let found = store.find(address.path()).wait(cancel);
        let entries = match found.map_err(|failure| failure.during("read input", name))? {
            Found::Nothing => return Err(Failure::Missing.during("read input", name)),
            Found::File(entry) => vec![entry],
            Found::Directory(mut entries) => {
                entries.retain(|entry| !is_skipped(entry, address.path()));
                entries.sort_by(|a, b| a.path.cmp(&b.path));
                entries
            }
        };
        let shared = Arc::new(address.clone());
        let file = |entry: Entry| {
            let (name, store) = (address.beside(&entry.path), OnceLock::from(Ok(store.clone())));
            let (address, entry, cancel) = (shared.clone(), Arc::new(entry), cancel.clone());
            let (held, copies) = Default::default();
            (name, Arc::new(RemoteFile { address, store, entry, cancel, held, copies }))
        };
        Ok(entries.into_iter().map(file).collect())
    }

    /// A file as another process has found it, and those of its bytes that came along. Whoever waits for it stops with `cancel`.
    pub fn as_found(address: Address, entry: Entry, copies: Copies, cancel: &CancelToken) -> Self {
        let (address, entry, cancel) = (Arc::new(address), Arc::new(entry), cancel.clone());
        RemoteFile { address, store: OnceLock::new(), entry, cancel, held: Mutex::default(), copies }
    }

    fn store(&self) -> Result<&Arc<dyn Store>, Failure> {
        self.store.get_or_init(|| connect(&self.address)).as_ref().map_err(Clone::clone)
    }

    /// Its properties.
    pub fn entry(&self) -> &Entry {
        &self.entry
    }

    /// Its size and version, to recognise a change.
    pub fn state(&self) -> String {
        let Entry { bytes, modified_ms, tag, .. } = &*self.entry;
        format!("{bytes} bytes, written {modified_ms}, version {}", tag.as_deref().unwrap_or("unknown"))
    }

    /// Those of its bytes that lie on this machine.
    pub fn copies(&self) -> &Copies {
        &self.copies
    }

    /// The token that stops whoever waits for it, unless another one does.
    pub fn cancel(&self) -> &CancelToken {
        &self.cancel
    }

    /// Begins to read a range.
    pub fn read(&self, range: Range<u64>) -> Pending<Vec<u8>> {
        match self.store() {
            Ok(store) => store.read(&self.entry, range),
            Err(failure) => Pending::done(Err(failure)),
        }
    }

    /// Whether every range is known to be of the version that was found.
    pub fn knows_version(&self) -> bool {
        self.store().is_ok_and(|store| store.knows_versions(&self.entry))
    }

    /// Compares the file with what was found.
    ///
    /// # Errors
    /// [`Failure::Changed`], those of the store.
    pub fn check(&self) -> Result<(), Failure> {
        let checked = self.store()?.check(&self.entry).wait(&self.cancel);
        checked.map_err(|failure| match failure {
            Failure::Missing => Failure::Changed("it is not there any more".into()),
            failure => failure,
        })
    }

    /// Begins to read a range that will be asked for soon. It is held until it is [released](Self::release).
    pub fn fetch(&self, range: Range<u64>) {
        let range = range.start..range.end.min(self.entry.bytes);
        let mut held = lock(&self.held);
        if range.is_empty() || held.contains_key(&range.start) {
            return;
        }
        let bytes = range.end - range.start;
        held.insert(range.start, Held::UnderWay(bytes, self.read(range)));
    }

    /// Lets go of what was fetched.
    pub fn release(&self) {
        lock(&self.held).clear();
    }

    /// Copies from what was fetched; `None` where nothing was at the offset.
    ///
    /// # Errors
    /// Those of fetching it.
    pub fn copy_held(&self, target: &mut [u8], offset: u64, cancel: &CancelToken) -> Result<Option<usize>, Failure> {
        let mut all = lock(&self.held);
        let Some((start, held)) = all.range_mut(..=offset).next_back() else { return Ok(None) };
        let start = *start;
        if offset - start >= held.bytes() {
            return Ok(None);
        }
        if let Held::UnderWay(..) = held {
            let Some(Held::UnderWay(_, pending)) = all.remove(&start) else { unreachable!("it was just seen") };
            all.insert(start, Held::There(pending.wait(cancel)?));
        }
        let Some(Held::There(bytes)) = all.get(&start) else { unreachable!("it was waited for") };
        let rest = &bytes[(offset - start) as usize..];
        let copied = rest.len().min(target.len());
        target[..copied].copy_from_slice(&rest[..copied]);
        Ok(Some(copied))
    }
}

/// The store of a file that another process has found.
fn connect(address: &Address) -> Result<Arc<dyn Store>, Failure> {
    at(address).map_err(|error| {
        Failure::Refused(match error {
            Error::Unreachable { why, .. } => format!(
                "{why}; a task reads it where it lies, so its machine needs the settings and credentials of the one that submits"
            ),
            // The one who found it could read it.
            _ => format!(
                "a task reads it where it lies, and the program of this task cannot read {}://; TWINMILL_TASK_PROGRAM must name \
                 one that is built with the features of the one that submits",
                address.scheme()
            ),
        })
    })
}

fn is_skipped(entry: &Entry, below: &str) -> bool {
    let relative = entry.path.strip_prefix(below).unwrap_or(&entry.path).trim_start_matches('/');
    let is_marker = entry.bytes == 0 && (relative.is_empty() || relative.ends_with("_$folder$"));
    is_marker || relative.split('/').any(|name| name.starts_with(['_', '.']))
}
