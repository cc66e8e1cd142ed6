//! Reads a piece of a file from front to end, with the next ranges always under way.
//!
//! ```text
//! piece      │◀───────────────────────────────────────── start..until ─────────────────────────────────────▶│
//! ranges     [ 1 MiB ][  2 MiB  ][       4 MiB       ][       4 MiB       ][       4 MiB       ] …
//!              window  └────────────────── under way: as many as four ──────────────────┘
//!                 ▲ offset
//! ```
//!
//! Beyond the piece, where the last record may go on, and for a read out of order, a range is fetched when it is asked for:
//! 64 KiB, and the double of the one before as long as reading goes on there. Bytes that lie [on this
//! machine](crate::remote::Copies) are not fetched.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::ops::Range;
use std::sync::{Arc, Mutex};

use crate::cancel::CancelToken;
use crate::observe::activity::lock;
use crate::remote::failure::Failure;
use crate::remote::file::RemoteFile;
use crate::remote::pending::Pending;

/// Bytes of the first range: little, since someone waits for it.
const FIRST_BYTES: u64 = 1 << 20;
/// Bytes of the largest ranges: their transfer takes several times as long as an answer of an object store.
const MOST_BYTES: u64 = 4 << 20;
/// Ranges that are under way.
const AHEAD: usize = 4;
/// Bytes of the least range.
const LEAST_BYTES: u64 = 64 << 10;

/// A file of a store, opened.
#[derive(Debug)]
pub(crate) struct Reader {
    file: Arc<RemoteFile>,
    /// Where the piece ends.
    until: u64,
    cancel: CancelToken,
    window: Mutex<Window>,
}

#[derive(Debug, Default)]
struct Window {
    start: u64,
    bytes: Vec<u8>,
    ahead: VecDeque<(Range<u64>, Pending<Vec<u8>>)>,
    /// Where the next range begins, and its size.
    next: u64,
    next_bytes: u64,
    /// Where reading without an offset goes on.
    cursor: u64,
    /// Whether the store was asked for the file.
    is_asked: bool,
}

impl Window {
    fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }
}

impl Reader {
    /// Opens a file to read what comes before `until`; whoever waits stops with `cancel`. Compares it with what was found,
    /// unless every read does, or bytes that lie on this machine may be all that is read.
    ///
    /// # Errors
    /// [`Failure::Changed`], those of the store.
    pub fn open(file: &Arc<RemoteFile>, until: u64, cancel: &CancelToken) -> Result<Self, Failure> {
        let reader = Reader { file: file.clone(), until, cancel: cancel.clone(), window: Mutex::default() };
        if file.copies().is_empty() {
            reader.ask(&mut lock(&reader.window))?;
        }
        Ok(reader)
    }

    /// Compares the file with what was found before the first of its bytes comes from the store, unless every read does.
    fn ask(&self, window: &mut Window) -> Result<(), Failure> {
        if !window.is_asked && !self.file.knows_version() {
            self.check()?;
        }
        window.is_asked = true;
        Ok(())
    }

    /// Compares the file with what was found.
    ///
    /// # Errors
    /// [`Failure::Changed`], those of the store.
    pub fn check(&self) -> Result<(), Failure> {
        self.file.check()
    }

    /// Like [`check`](Self::check), for one who has read what he wanted: nothing is asked where every read was compared, or
    /// nothing came from the store.
    ///
    /// # Errors
    /// As for [`check`](Self::check).
    pub fn check_read(&self) -> Result<(), Failure> {
        if !lock(&self.window).is_asked || self.file.knows_version() { Ok(()) } else { self.check() }
    }

    /// Reads bytes at an offset; none only at the end of the file.
    ///
    /// # Errors
    /// A [`Failure`], as an error of reading.
    pub fn read_at(&self, target: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut window = lock(&self.window);
        Ok(self.read_window(&mut window, target, offset)?)
    }

    fn read_window(&self, window: &mut Window, target: &mut [u8], offset: u64) -> Result<usize, Failure> {
        let bytes = self.file.entry().bytes;
        if offset >= bytes || target.is_empty() {
            return Ok(0);
        }
        if let Some(copied) = self.file.copies().read_at(target, offset)? {
            return Ok(copied);
        }
        if !(window.start..window.end()).contains(&offset) {
            self.ask(window)?;
            if let Some(copied) = self.file.copy_held(target, offset, &self.cancel)? {
                return Ok(copied);
            }
            self.move_to(window, offset, target.len() as u64)?;
        }
        let rest = &window.bytes[(offset - window.start) as usize..];
        let copied = rest.len().min(target.len());
        target[..copied].copy_from_slice(&rest[..copied]);
        Ok(copied)
    }

    /// Moves the window to a range that has the offset.
    fn move_to(&self, window: &mut Window, offset: u64, asked_for: u64) -> Result<(), Failure> {
        // The buffer is let go before another one is waited for.
        window.bytes = Vec::new();
        while window.ahead.front().is_some_and(|(range, _)| range.end <= offset) {
            window.ahead.pop_front();
        }
        if window.ahead.front().is_none_or(|(range, _)| offset < range.start) {
            window.ahead.clear();
            let goes_on = window.next == offset;
            let bytes = match offset < self.until {
                true if goes_on => window.next_bytes.max(FIRST_BYTES),
                true => FIRST_BYTES,
                false if goes_on => window.next_bytes.max(LEAST_BYTES),
                false => LEAST_BYTES,
            };
            (window.next, window.next_bytes) = (offset, bytes.max(asked_for));
            self.begin_next(window);
        }
        let (range, pending) = window.ahead.pop_front().expect("the range is under way");
        while window.ahead.len() < AHEAD && window.next < self.until.min(self.file.entry().bytes) {
            self.begin_next(window);
        }
        window.bytes = pending.wait(&self.cancel)?;
        window.start = range.start;
        if window.bytes.len() as u64 != range.end - range.start {
            let (got, asked) = (window.bytes.len(), range.end - range.start);
            return Err(Failure::Passing(format!("{got} bytes came instead of {asked}")));
        }
        Ok(())
    }

    /// Begins to read the next range.
    fn begin_next(&self, window: &mut Window) {
        let start = window.next;
        let end = self.file.entry().bytes.min(start + window.next_bytes);
        // A range that ends a little beyond the piece has what its last record needs.
        let slack = self.until.saturating_add(LEAST_BYTES);
        let end = if start < self.until { end.min(slack) } else { end };
        window.ahead.push_back((start..end, self.file.read(start..end)));
        (window.next, window.next_bytes) = (end, (2 * window.next_bytes).min(MOST_BYTES));
    }
}

impl Read for &Reader {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let mut window = lock(&self.window);
        let cursor = window.cursor;
        let read = self.read_window(&mut window, target, cursor)?;
        window.cursor += read as u64;
        Ok(read)
    }
}
