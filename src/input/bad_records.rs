//! Records on which a job's code fails, and how a run goes on without them.
//!
//! 1. An attempt meets a record at which the mapper returns an error: the record is noted, and the attempt goes on, only
//!    to find the other bad records. A panic notes its record too, but ends the attempt.
//! 2. The attempt has failed, without counting against its task. Its output is dropped, so nothing remains of a record
//!    that was half mapped.
//! 3. The next attempt passes over the records that are noted.
//!
//! Once as many records are noted as may be skipped, the next bad one fails its task as usual. Skipped records go to
//! `_skipped/records.tsv` in the output: file, byte offset, reason and the record, escaped.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Result};

/// The bad records of a run, and the number that may be skipped.
#[derive(Debug, Default)]
pub struct BadRecords {
    limit: u64,
    /// Whether there are any; can be read without the lock.
    any: AtomicBool,
    noted: Mutex<BTreeMap<(PathBuf, u64), Noted>>,
}

#[derive(Debug)]
struct Noted {
    why: String,
    bytes: Vec<u8>,
}

impl BadRecords {
    /// Lets `limit` records be skipped.
    pub fn at_most(limit: u64) -> Self {
        BadRecords { limit, ..BadRecords::default() }
    }

    /// Number of records that may be skipped.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// Number of records that were found.
    pub fn count(&self) -> u64 {
        self.noted.lock().expect("no panic while records are noted").len() as u64
    }

    /// Number of records that were found, as a counter of the report.
    pub(crate) fn user_counters(&self) -> BTreeMap<String, BTreeMap<String, u64>> {
        let counted = || ("twinmill".to_owned(), BTreeMap::from([("SKIPPED_RECORDS".to_owned(), self.count())]));
        (self.count() > 0).then(counted).into_iter().collect()
    }

    pub(crate) fn is_noted(&self, path: &Path, offset: u64) -> bool {
        self.any.load(Ordering::Acquire)
            && self.noted.lock().expect("no panic while records are noted").contains_key(&(path.to_owned(), offset))
    }

    /// Notes a record; returns whether it may be skipped.
    fn note(&self, path: &Path, offset: u64, bytes: &[u8], why: impl FnOnce() -> String) -> bool {
        let mut noted = self.noted.lock().expect("no panic while records are noted");
        let key = (path.to_owned(), offset);
        if !noted.contains_key(&key) {
            if noted.len() as u64 >= self.limit {
                return false;
            }
            noted.insert(key, Noted { why: why(), bytes: bytes.to_owned() });
            self.any.store(true, Ordering::Release);
        }
        true
    }

    /// Writes a line for each record.
    pub(crate) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        for ((path, offset), Noted { why, bytes }) in &*self.noted.lock().expect("no panic while records are noted") {
            let path = path.as_os_str().as_encoded_bytes().escape_ascii();
            writeln!(out, "{path}\t{offset}\t{}\t{}", why.escape_default(), bytes.escape_ascii())?;
        }
        out.flush()
    }
}

/// One attempt's view of the bad records.
#[derive(Debug)]
pub(crate) struct Scout<'a> {
    records: &'a BadRecords,
    /// The first bad record that the attempt has met: it fails with that.
    met: RefCell<Option<Error>>,
}

impl<'a> Scout<'a> {
    pub fn new(records: &'a BadRecords) -> Self {
        Scout { records, met: RefCell::default() }
    }

    /// The attempt's failure, if it has met a bad record.
    pub fn verdict(&self) -> Result<()> {
        self.met.take().map_or(Ok(()), Err)
    }
}

/// Hands a record to `each`, unless it is noted; adds the record's place to an error.
#[inline(always)]
pub(crate) fn at_record(
    scout: Option<&Scout<'_>>,
    (path, offset, bytes): (&Path, u64, &[u8]),
    each: impl FnOnce() -> Result<()>,
) -> Result<()> {
    if scout.is_some_and(|scout| scout.records.is_noted(path, offset)) {
        return Ok(());
    }
    let place = Place { path, offset, bytes, scout };
    let outcome = each();
    // Dropping it would note a panic.
    std::mem::forget(place);
    match outcome {
        Ok(()) => Ok(()),
        Err(error) => failed(scout, (path, offset, bytes), error),
    }
}

#[cold]
fn failed(scout: Option<&Scout<'_>>, (path, offset, bytes): (&Path, u64, &[u8]), error: Error) -> Result<()> {
    let error = error.in_record(path, offset);
    match (scout, &error) {
        (Some(scout), Error::Record { source, .. })
            if scout.records.note(path, offset, bytes, || source.to_string()) =>
        {
            scout.met.borrow_mut().get_or_insert(error);
            Ok(())
        }
        _ => Err(error),
    }
}

/// The record that is being mapped.
struct Place<'a> {
    path: &'a Path,
    offset: u64,
    bytes: &'a [u8],
    scout: Option<&'a Scout<'a>>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(scout) = self.scout {
            scout.records.note(self.path, self.offset, self.bytes, || "panicked".to_owned());
        }
        PANICKED_AT.set(Some((self.path.to_owned(), self.offset)));
    }
}

thread_local! {
    /// The record at which this thread panicked last.
    static PANICKED_AT: Cell<Option<(PathBuf, u64)>> = const { Cell::new(None) };
}

/// Adds the place of a record to a panic of this thread, if it happened at one.
pub(crate) fn place_panic(panic: Error) -> Error {
    match PANICKED_AT.take() {
        Some((path, offset)) => Error::Record { path, offset, source: Box::new(panic) },
        None => panic,
    }
}
