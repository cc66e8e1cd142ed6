//! Hands merged records to a reducer one after the other.
//!
//! What Hadoop's reducers do where they override `run`: a reducer that passes all records on has no use for groups, and each
//! group costs it more than a record does. It takes the records in stretches. Between two of them the runtime sees whether the
//! output could be written, whether the job is to stop, and how far the task has come.

use crate::cancel::RECORDS_BETWEEN_CHECKS;
use crate::error::Result;
use crate::job::{Emit, GroupingPrefix, TaskContext};
use crate::observe::activity::{Activity, Doing};
use crate::pipeline::emit::{Accept, Emitter};
use crate::pipeline::merge::Merge;
use crate::pipeline::reduce::ReduceSide;
use crate::pipeline::task::Task;
use crate::store::Step;

/// A reducer that takes encoded records in key order, equal keys in the order of the input, whatever their groups.
pub(crate) trait RecordReducer: Clone + Send + Sync {
    /// Called once before the first record of a task.
    ///
    /// # Errors
    /// Whatever stops the task.
    fn setup(&mut self, task: &TaskContext) -> Result<()>;

    /// Takes all records of a stretch.
    ///
    /// # Errors
    /// Whatever stops the task, and those of reading records.
    fn reduce(&mut self, records: &mut Stretch<'_>, out: &mut impl Emit<[u8], [u8]>) -> Result<()>;

    /// Called once after the last record of a task.
    ///
    /// # Errors
    /// Whatever stops the task.
    fn finish(&mut self, out: &mut impl Emit<[u8], [u8]>) -> Result<()>;
}

/// Some of a task's records, one after the other.
pub(crate) struct Stretch<'m> {
    merge: &'m mut Merge,
    doing: Doing,
    /// Records that the stretch may still have.
    left: u32,
    is_last: bool,
    /// Of all stretches.
    groups: u64,
    records: u64,
}

/// A record, encoded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SortedRecord<'r> {
    /// Whether the record before has another key.
    pub begins_group: bool,
    pub key: &'r [u8],
    pub value: &'r [u8],
}

impl<'m> Stretch<'m> {
    fn of(merge: &'m mut Merge) -> Self {
        Stretch { merge, doing: Doing::here(), left: 0, is_last: false, groups: 0, records: 0 }
    }

    /// The next record; `None` at the end of the stretch.
    ///
    /// # Errors
    /// Those of reading runs.
    #[inline(always)]
    pub fn next(&mut self) -> Result<Option<SortedRecord<'_>>> {
        if self.left == 0 {
            return Ok(None);
        }
        self.doing.set(Activity::Merge);
        let step = self.merge.advance()?;
        self.doing.set(Activity::User);
        let Some(step) = step else {
            (self.left, self.is_last) = (0, true);
            return Ok(None);
        };
        let begins_group = step == Step::NewKey;
        self.left -= 1;
        self.groups += u64::from(begins_group);
        self.records += 1;
        Ok(Some(SortedRecord { begins_group, key: self.merge.key(), value: self.merge.value() }))
    }
}

/// The reduce side of a job whose reducer takes records one after the other.
#[derive(Clone, Debug)]
pub(crate) struct OneByOne<R>(pub R);

impl<R: RecordReducer> ReduceSide for OneByOne<R> {
    type Key = [u8];
    type Value = [u8];
    type OutKey = [u8];
    type OutValue = [u8];

    const MAP_ONLY: bool = false;

    fn run<S: Accept<[u8], [u8]>>(
        &mut self,
        mut merge: Merge,
        _: Option<GroupingPrefix>,
        task: &mut Task<'_>,
        out: &mut Emitter<S>,
    ) -> Result<()> {
        let OneByOne(reducer) = self;
        let _outside = Doing::here().enter(Activity::User);
        reducer.setup(&task.context)?;
        let mut records = Stretch::of(&mut merge);
        let mut bytes_told = 0;
        while !records.is_last {
            task.context.cancel.check()?;
            records.left = RECORDS_BETWEEN_CHECKS;
            reducer.reduce(&mut records, out)?;
            out.check()?;
            let bytes_read = records.merge.bytes_read();
            task.progress.add_bytes(bytes_read - bytes_told);
            bytes_told = bytes_read;
        }
        task.counters.reduce_input_groups += records.groups;
        task.counters.reduce_input_records += records.records;
        reducer.finish(out)?;
        out.check()
    }
}
