//! A command at work for one task attempt: its process, its records, and its words.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::job::{Emit, TaskContext};
use crate::streaming::again::TaskBytes;
use crate::streaming::failure::{Attempt, Ending, Given, failure};
use crate::streaming::job::Command;
use crate::streaming::place::{Place, Workspace};
use crate::streaming::process::{Listen, Process};
use crate::streaming::reach::{Origin, Reach};
use crate::streaming::records::{Form, TakeRecords};
use crate::streaming::role::{Rules, TaskKind};
use crate::streaming::said::{Count, Said};

/// Bytes of a batch. A program that ends without reading the last bytes, which fill none, is no failure, as in Hadoop, whose
/// buffer has this size.
const BATCH_BYTES: usize = 128 << 10;
/// Bytes that are gathered before as many are sent as there is room for: those of a pipe.
const STEP_BYTES: usize = 64 << 10;
/// Most bytes that are gathered ahead while the program is at work with those before.
const MOST_AHEAD: usize = 512 << 10;
/// Bytes of what was sent last that are kept for an error.
const TAIL_BYTES: usize = 400;
/// Most bytes of it that are looked at. The buffer often has more than it must keep.
const MOST_TAIL: usize = 128 << 10;

/// Bytes for a program, gathered ahead of it: it works on those that were sent while the task goes on.
#[derive(Debug, Default)]
struct Ahead {
    /// Those that were sent last, and those that are to be sent.
    bytes: Vec<u8>,
    /// The end of those that were sent.
    sent: usize,
    /// The end of the last whole batch.
    due: usize,
    /// The length at which some are sent.
    next_step: usize,
}

impl Ahead {
    fn new() -> Self {
        Ahead { next_step: STEP_BYTES, ..Ahead::default() }
    }

    /// Ends a batch where there are enough bytes for one.
    fn count_batch(&mut self) {
        if self.bytes.len() - self.due >= BATCH_BYTES {
            self.due = self.bytes.len();
        }
    }

    /// The last bytes that were sent.
    fn tail(&self) -> &[u8] {
        &self.bytes[self.sent.saturating_sub(MOST_TAIL)..self.sent]
    }

    /// Notes bytes that were sent although nothing was gathered.
    fn was_sent(&mut self, bytes: &[u8]) {
        self.bytes.clear();
        self.bytes.extend_from_slice(&bytes[bytes.len().saturating_sub(TAIL_BYTES)..]);
        (self.sent, self.due) = (self.bytes.len(), self.bytes.len());
    }

    /// Forgets what was sent, but for the last bytes, and sets the next step.
    fn go_on(&mut self) {
        let kept_from = self.sent.min(self.due).saturating_sub(TAIL_BYTES);
        if kept_from >= MOST_AHEAD || self.sent == self.bytes.len() {
            self.bytes.drain(..kept_from);
            self.sent -= kept_from;
            self.due -= kept_from;
        }
        self.next_step = (self.bytes.len() + STEP_BYTES).min(self.due + BATCH_BYTES);
    }
}

/// A command at work.
#[derive(Debug)]
pub struct Worker {
    process: Process,
    /// Dropped after the process, which works in it.
    workspace: Workspace,
    command: Command,
    form: Form,
    said: Said,
    ahead: Ahead,
    given: u64,
    /// Where the first bytes that it was given come from.
    first: Option<Origin>,
    /// The last places.
    origins: Vec<Origin>,
    written: u64,
    counts: Vec<Count>,
    rules: Rules,
    /// Bytes that it printed.
    printed: u64,
    /// It closed its input, and the rest is passed over.
    deaf: bool,
    began: Instant,
    /// Time that the attempt gets.
    time_limit: Option<Duration>,
}

impl Worker {
    /// Starts a command in a directory of its own. `form` is that of the records that it prints.
    ///
    /// # Errors
    /// What keeps it from starting, with the cause.
    pub fn start(place: &Place, kind: TaskKind, command: &Command, form: &Form, task: &TaskContext) -> Result<Self> {
        let workspace = place.workspace(kind, &task.into())?;
        let started = workspace.start(command, task);
        let process = started
            .map_err(|cause| failure(&Attempt::new(command, &workspace), Ending::Start(cause), &Given::default()))?;
        let rules = place.rules(kind);
        Ok(Worker {
            process,
            workspace,
            command: command.clone(),
            form: form.clone(),
            said: Said::new(place.reporter_prefix(), rules.most_printed),
            ahead: Ahead::new(),
            given: 0,
            first: None,
            origins: Vec::new(),
            written: 0,
            counts: Vec::new(),
            rules,
            printed: 0,
            deaf: false,
            began: Instant::now(),
            time_limit: place.time_limit(),
        })
    }

    /// Notes that the next bytes come from this place.
    pub fn comes_from(&mut self, path: &Path, offset: u64) {
        const KEPT: usize = 8;
        let path = match self.origins.last() {
            Some(last) if *last.path == *path => last.path.clone(),
            _ => path.into(),
        };
        if self.origins.len() == KEPT {
            self.origins.remove(0);
        }
        let origin = Origin { given: self.given, path, offset };
        if self.first.is_none() {
            self.first = Some(origin.clone());
        }
        self.origins.push(origin);
    }

    /// Gives it bytes as they are.
    ///
    /// # Errors
    /// Those of feeding it.
    pub fn give(&mut self, bytes: &[u8], each: &mut impl TakeRecords) -> Result<()> {
        self.given += bytes.len() as u64;
        let mut rest = bytes;
        if bytes.len() >= BATCH_BYTES && !self.deaf {
            // With these, those before are a batch.
            self.ahead.due = self.ahead.bytes.len();
            self.send(0, each)?;
        }
        if bytes.len() >= BATCH_BYTES && !self.deaf {
            let whole;
            (whole, rest) = bytes.split_at(bytes.len() / BATCH_BYTES * BATCH_BYTES);
            let is_open = self.heard(each, |process, ahead, hearing| {
                let mut sent = 0;
                let is_open = process.feed(whole, &mut sent, 0, hearing);
                ahead.was_sent(&whole[..sent]);
                is_open
            })?;
            if !is_open {
                self.stopped_reading(each)?;
            }
            self.ahead.go_on();
        }
        self.ahead.bytes.extend_from_slice(rest);
        self.send_if_full(each)
    }

    /// Gives it a record.
    ///
    /// # Errors
    /// Those of feeding it.
    #[inline]
    pub fn give_record(
        &mut self,
        form: &Form,
        (key, value): (&[u8], &[u8]),
        each: &mut impl TakeRecords,
    ) -> Result<()> {
        self.give_times(1, form, (key, value), each)
    }

    /// Gives it a record so many times.
    ///
    /// # Errors
    /// Those of feeding it.
    #[inline]
    pub fn give_times(
        &mut self,
        times: u64,
        form: &Form,
        (key, value): (&[u8], &[u8]),
        each: &mut impl TakeRecords,
    ) -> Result<()> {
        let mut first = self.ahead.bytes.len();
        form.write(key, value, &mut self.ahead.bytes);
        let bytes = self.ahead.bytes.len() - first;
        self.given += bytes as u64 * times;
        let mut left = (times - 1) * u64::from(bytes > 0);
        while left > 0 {
            let room = self.ahead.next_step.saturating_sub(self.ahead.bytes.len());
            if room == 0 {
                self.send_if_full(each)?;
                first = self.ahead.bytes.len();
                form.write(key, value, &mut self.ahead.bytes);
                left -= 1;
                continue;
            }
            // As many again as there are, up to the one with which some are sent.
            let there = (self.ahead.bytes.len() - first) / bytes;
            let more = there.min(room.div_ceil(bytes)).min(usize::try_from(left).unwrap_or(usize::MAX));
            self.ahead.bytes.extend_from_within(first..first + more * bytes);
            left -= more as u64;
        }
        self.send_if_full(each)
    }

    #[inline]
    fn send_if_full(&mut self, each: &mut impl TakeRecords) -> Result<()> {
        if self.ahead.bytes.len() < self.ahead.next_step { Ok(()) } else { self.send(MOST_AHEAD, each) }
    }

    /// Sends what was gathered until at most `most_ahead` bytes are left.
    #[inline(never)]
    fn send(&mut self, most_ahead: usize, each: &mut impl TakeRecords) -> Result<()> {
        self.send_on(most_ahead, each)?;
        self.ahead.go_on();
        Ok(())
    }

    /// Sends, and forgets nothing of it.
    fn send_on(&mut self, most_ahead: usize, each: &mut impl TakeRecords) -> Result<()> {
        if !self.deaf {
            self.ahead.count_batch();
            let is_open = self.heard(each, |process, ahead, hearing| {
                process.feed(&ahead.bytes, &mut ahead.sent, most_ahead, hearing)
            })?;
            if !is_open && self.ahead.sent < self.ahead.due {
                self.stopped_reading(each)?;
            }
        }
        if self.deaf {
            self.ahead.was_sent(&[]);
        }
        Ok(())
    }

    /// It closed its input before it had a whole batch.
    fn stopped_reading(&mut self, each: &mut impl TakeRecords) -> Result<()> {
        // What it printed before it closed its input may not have been heard yet.
        let status = self.heard(each, |process, _, hearing| process.finish(hearing))?;
        if self.written >= self.rules.enough_records {
            self.deaf = true;
            return Ok(());
        }
        self.said.end();
        Err(self.failed(Ending::Deaf(status)))
    }

    /// Ends its input, takes the rest of what it prints, and waits for its end.
    ///
    /// # Errors
    /// A failure of the program, and those of feeding it.
    pub fn finish(&mut self, each: &mut impl TakeRecords) -> Result<()> {
        self.send_on(0, each)?;
        let status = self.heard(each, |process, _, hearing| process.finish(hearing))?;
        self.said.end();
        if status.success() || !self.rules.status_counts {
            self.workspace.keep_side_files()?;
            return Ok(());
        }
        Err(self.failed(Ending::Status(status)))
    }

    /// Lets the process go on, and hears what it prints meanwhile.
    fn heard<T, E: TakeRecords>(
        &mut self,
        each: &mut E,
        go_on: impl FnOnce(&mut Process, &mut Ahead, &mut Hearing<'_, E>) -> Result<T>,
    ) -> Result<T> {
        let Worker { process, ahead, form, said, written, printed, rules, .. } = self;
        let mut hearing = Hearing { form, said, written, printed, most_printed: rules.most_printed, each };
        let went = go_on(process, ahead, &mut hearing);
        match (&went, self.time_limit.filter(|limit| self.is_over(*limit))) {
            (Err(Error::TimedOut { limit }), _) => {
                let limit = *limit;
                self.said.end();
                return Err(self.failed(Ending::Silent(limit)));
            }
            // The runtime cancels an attempt that takes too long, and its program tells what it was at.
            (Err(Error::Cancelled), Some(limit)) => {
                self.said.end();
                return Err(self.failed(Ending::Late(limit)));
            }
            _ => {}
        }
        self.counts.extend(self.said.take_counts());
        went
    }

    /// Whether a limit on the time of the attempt has passed, or nearly: the attempt began a little before its program.
    fn is_over(&self, limit: Duration) -> bool {
        self.began.elapsed() + (limit / 4).min(Duration::from_secs(1)) >= limit
    }

    /// Adds its counters to those of the job, and its warnings to the notes.
    pub fn report<K: crate::record::Key + ?Sized, V: crate::record::Value + ?Sized>(
        &mut self,
        place: &Place,
        out: &mut impl Emit<K, V>,
    ) {
        // Asked after every group.
        if self.counts.is_empty() && !self.said.warns() {
            return;
        }
        for Count { group, name, n } in self.counts.drain(..) {
            out.count(group, name, n.cast_unsigned());
        }
        self.said.take_warnings().into_iter().for_each(|warning| place.note(warning));
    }

    /// Bytes that it was given.
    pub fn given(&self) -> u64 {
        self.given
    }

    /// Records that it printed.
    pub fn written(&self) -> u64 {
        self.written
    }

    fn failed(&self, ending: Ending) -> Error {
        let reach = Reach {
            origins: self.origins.clone(),
            bytes: self.process.fed_bytes,
            unread: self.process.unread_bytes(),
            tail: self.ahead.tail().to_vec(),
        };
        let first = self.first.as_ref().filter(|first| reach.is_as_in_file(first));
        let task_bytes = match first {
            Some(first) => TaskBytes::File { first: first.offset, bytes: self.given },
            None => TaskBytes::Split,
        };
        let given = Given { reach, last_words: self.said.last_words(), task_bytes };
        failure(&Attempt::new(&self.command, &self.workspace), ending, &given)
    }
}

/// Hears what a process prints: records, and words.
struct Hearing<'a, F> {
    form: &'a Form,
    said: &'a mut Said,
    written: &'a mut u64,
    /// Bytes that were taken before.
    printed: &'a mut u64,
    most_printed: u64,
    each: &'a mut F,
}

impl<F: TakeRecords> Listen for Hearing<'_, F> {
    fn printed(&mut self, bytes: &[u8], all: bool) -> Result<usize> {
        let Hearing { form, written, printed, most_printed, each, .. } = self;
        if **printed + bytes.len() as u64 > *most_printed {
            return Err(Error::wrong_input(format!("the program printed more than {most_printed} bytes")));
        }
        let taken = form.cut(bytes, all, &mut Counted { written, each: *each })?;
        **printed += taken as u64;
        Ok(taken)
    }

    fn said(&mut self, bytes: &[u8]) {
        self.said.take(bytes);
    }
}

/// Counts records on their way.
struct Counted<'a, F> {
    written: &'a mut u64,
    each: &'a mut F,
}

impl<F: TakeRecords> TakeRecords for Counted<'_, F> {
    #[inline]
    fn take(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        *self.written += 1;
        self.each.take(key, value)
    }

    fn see_lone_return(&mut self) {
        self.each.see_lone_return();
    }

    fn takes_lines_of(&self, form: &Form) -> bool {
        self.each.takes_lines_of(form)
    }

    fn take_lines(&mut self, lines: &[u8], records: u64) -> Result<()> {
        *self.written += records;
        self.each.take_lines(lines, records)
    }
}
