//! Combines what a mapper prints: a command, or one of Hadoop's classes, reads sorted records on the map side.
//!
//! ```text
//! mapper ─▶ buffer ─▶ full? sort by key ─▶ combiner ─▶ sort buffer of the engine ─▶ spill
//! ```
//!
//! As in Hadoop a combiner runs once for each full buffer, so it may see the records of a key in several parts, or not see some at
//! all. Hadoop starts a process for each partition of a buffer; here one reads all of them, since the partition of what it
//! prints follows from the key.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::job::{Emit, TaskContext};
use crate::streaming::aggregate::Aggregate;
use crate::streaming::job::{ReduceStep, StreamJob};
use crate::streaming::place::Place;
use crate::streaming::role::TaskKind;
use crate::streaming::route::Route;
use crate::streaming::worker::Worker;

/// The counter group in which the counts of combiners travel to the report.
pub const COUNTS: &str = "twinmill.streaming.combine";

/// Records of one task on their way through a combiner.
#[derive(Debug, Default)]
pub struct Combining {
    bytes: Vec<u8>,
    /// Start, length of the key, and length of the value of each record.
    records: Vec<(usize, u32, u32)>,
    capacity: usize,
    taken: u64,
    emitted: u64,
}

impl Combining {
    /// A buffer of so many bytes.
    pub fn new(capacity: usize) -> Self {
        Combining { capacity, ..Combining::default() }
    }

    /// Takes an engine's record; tells whether the buffer is full.
    pub fn take(&mut self, key: &[u8], value: &[u8]) -> bool {
        self.records.push((self.bytes.len(), key.len() as u32, value.len() as u32));
        self.bytes.extend_from_slice(key);
        self.bytes.extend_from_slice(value);
        self.taken += 1;
        self.bytes.len() + self.records.len() * size_of::<(usize, u32, u32)>() >= self.capacity
    }

    fn record(&self, at: usize) -> (&[u8], &[u8]) {
        let (start, key, value) = self.records[at];
        let (key, value) = (key as usize, value as usize);
        (&self.bytes[start..start + key], &self.bytes[start + key..start + key + value])
    }

    /// Combines what is in the buffer, and empties it.
    ///
    /// # Errors
    /// Those of the combiner.
    pub fn combine(
        &mut self,
        (job, place): (&Arc<StreamJob>, &Arc<Place>),
        step: &ReduceStep,
        task: &TaskContext,
        route: &mut Route,
        out: &mut impl Emit<[u8], [u8]>,
    ) -> Result<()> {
        if self.records.is_empty() {
            return Ok(());
        }
        let mut order: Vec<u32> = (0..self.records.len() as u32).collect();
        order.sort_by(|a, b| self.record(*a as usize).0.cmp(self.record(*b as usize).0));
        let reader = route.clone();
        let mut emitted = 0;
        let mut each = |key: &[u8], value: &[u8]| {
            emitted += 1;
            route.emit(key, value, out);
            Ok(())
        };
        let mut worker = match step {
            ReduceStep::Command(command) => {
                Some(Worker::start(place, TaskKind::Combine, command, &job.reduce_output, task)?)
            }
            _ => None,
        };
        let (mut group, mut group_key, mut fold) = (None::<Vec<u8>>, Vec::new(), Fold::Nothing);
        for at in order {
            let (key, value) = self.record(at as usize);
            let (own_key, value, _) = reader.record(key, value)?;
            if group.as_deref() != Some(key) {
                fold.end(&group_key, &mut each)?;
                group = Some(key.to_vec());
                group_key = own_key.to_vec();
            }
            match &mut worker {
                Some(worker) => {
                    worker.give_record(&job.reduce_input, (&group_key, job.reducer_reads(value)), &mut each)?
                }
                None => fold.add(step, &group_key, value, &mut each)?,
            }
        }
        fold.end(&group_key, &mut each)?;
        if let Some(worker) = &mut worker {
            worker.finish(&mut each)?;
        }
        self.emitted += emitted;
        if let Some(worker) = &mut worker {
            worker.report(place, out);
        }
        self.bytes.clear();
        self.records.clear();
        Ok(())
    }

    /// Hands on what was counted.
    pub fn report(&mut self, out: &mut impl Emit<[u8], [u8]>) {
        out.count(COUNTS, "in", std::mem::take(&mut self.taken));
        out.count(COUNTS, "out", std::mem::take(&mut self.emitted));
    }
}

/// The values of a group, folded by a class.
enum Fold {
    Nothing,
    Sum(i64),
    Values(Vec<Vec<u8>>),
}

impl Fold {
    fn add(
        &mut self,
        step: &ReduceStep,
        key: &[u8],
        value: &[u8],
        each: &mut impl FnMut(&[u8], &[u8]) -> Result<()>,
    ) -> Result<()> {
        match step {
            ReduceStep::LongSum => {
                let number = std::str::from_utf8(value).ok().and_then(|text| text.parse::<i64>().ok());
                let number = number.ok_or_else(|| Error::codec("a number for LongSumReducer", value))?;
                let sum = if let Fold::Sum(sum) = self { *sum } else { 0 };
                *self = Fold::Sum(sum.wrapping_add(number));
                Ok(())
            }
            ReduceStep::Aggregate => {
                if !matches!(self, Fold::Values(_)) {
                    *self = Fold::Values(Vec::new());
                }
                if let Fold::Values(values) = self {
                    values.push(value.to_vec());
                }
                Ok(())
            }
            _ => each(key, value),
        }
    }

    fn end(&mut self, key: &[u8], each: &mut impl FnMut(&[u8], &[u8]) -> Result<()>) -> Result<()> {
        match std::mem::replace(self, Fold::Nothing) {
            Fold::Nothing => Ok(()),
            Fold::Sum(sum) => each(key, sum.to_string().as_bytes()),
            Fold::Values(values) => {
                let mut aggregate = Aggregate::of_key(key)?;
                values.iter().try_for_each(|value| aggregate.add(value))?;
                aggregate.partial().iter().try_for_each(|value| each(key, value))
            }
        }
    }
}
