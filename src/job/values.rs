//! The values that a reducer is given.

use std::marker::PhantomData;

use crate::cancel::CancelToken;
use crate::error::{Error, Result};
use crate::job::partition::GroupingPrefix;
use crate::observe::activity::{Activity, Doing};
use crate::record::{OwnedValue, Value};
use crate::store::Step;

/// A cursor over records that are sorted by key.
pub(crate) trait GroupedRecords {
    /// Moves to the next record. [`Step::SameKey`] means exactly that it has the key of the record before.
    fn advance(&mut self) -> Result<Option<Step>>;

    /// The current record's key.
    fn key(&self) -> &[u8];

    /// The current record's value.
    fn value(&self) -> &[u8];
}

/// The values of one group, in order. They are read one by one: a group may have any number of them.
///
/// A loop over it, or any method of [`Iterator`], takes owned values: a `String` where the job's `Value` is `str` or `String`.
/// [`next`](Self::next) borrows strings and bytes instead, which saves a copy of each:
///
/// ```
/// # use twinmill::{Values, Emit, Result};
/// # fn longest(values: &mut Values<str>) -> usize {
/// let mut longest = 0;
/// while let Some(value) = values.next() {
///     longest = longest.max(value.len());
/// }
/// # longest }
/// ```
pub struct Values<'m, V: ?Sized> {
    records: &'m mut dyn GroupedRecords,
    grouping: Option<GroupingPrefix>,
    /// The group's key, or the prefix that makes the group.
    group: &'m [u8],
    cancel: &'m CancelToken,
    doing: Doing,
    until_check: u32,
    position: Position,
    count: u64,
    error: Option<Error>,
    value: PhantomData<fn() -> &'m V>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Position {
    /// At the group's first record, which was not handed out yet.
    First,
    /// At a record that was handed out.
    Inside,
    /// At the next group's first record.
    NextGroup,
    /// There are no more records.
    End,
}

impl<'m, V: Value + ?Sized> Values<'m, V> {
    /// Makes the values of the group whose first record is the current one of `records`. `key` is the key of that
    /// record; `until_check` counts down to the next look at the token.
    pub(crate) fn new(
        records: &'m mut dyn GroupedRecords,
        key: &'m [u8],
        grouping: Option<GroupingPrefix>,
        cancel: &'m CancelToken,
        until_check: u32,
    ) -> Self {
        Values {
            records,
            grouping,
            group: &key[..grouping.map_or(key.len(), |prefix| prefix(key))],
            cancel,
            doing: Doing::here(),
            until_check,
            position: Position::First,
            count: 0,
            error: None,
            value: PhantomData,
        }
    }

    /// Passes over the rest of the group, unless there was an error in it.
    ///
    /// # Errors
    /// Those of reading and decoding values.
    pub(crate) fn end_group(&mut self) -> Result<()> {
        while self.error.is_none() && self.advance() {}
        self.error.take().map_or(Ok(()), Err)
    }

    /// Takes the error that occurred while the group was read.
    pub(crate) fn take_error(&mut self) -> Option<Error> {
        self.error.take()
    }

    /// Number of values that were read.
    pub(crate) fn count_read(&self) -> u64 {
        self.count
    }

    /// Whether another group follows this one, which has ended.
    pub(crate) fn is_followed(&self) -> bool {
        self.position == Position::NextGroup
    }

    /// The countdown to the next look at the token.
    pub(crate) fn until_check(&self) -> u32 {
        self.until_check
    }

    /// The next value, or `None` at the end of the group.
    #[expect(clippy::should_implement_trait, reason = "values may borrow from the records, which an iterator's cannot")]
    #[inline]
    pub fn next(&mut self) -> Option<V::Ref<'_>> {
        self.read(V::decode)
    }

    /// Moves to the next record of the group and reads its value.
    #[inline(always)]
    fn read<'v, T>(&'v mut self, decode: impl FnOnce(&'v [u8]) -> Result<T>) -> Option<T> {
        self.doing.set(Activity::Merge);
        let more = self.advance();
        self.doing.set(Activity::User);
        if !more {
            return None;
        }
        match decode(self.records.value()) {
            Ok(value) => Some(value),
            Err(error) => {
                self.error = Some(error);
                None
            }
        }
    }

    /// The whole key of the value last read, encoded: with a grouping prefix, keys change within a group.
    pub fn key(&self) -> &[u8] {
        self.records.key()
    }

    /// Moves to the next record of the group.
    #[inline]
    fn advance(&mut self) -> bool {
        match self.position {
            Position::First => self.position = Position::Inside,
            Position::Inside => match self.records.advance() {
                Ok(Some(Step::SameKey)) => {}
                Ok(Some(Step::NewKey)) => {
                    let in_group =
                        |prefix: GroupingPrefix| self.records.key()[..prefix(self.records.key())] == *self.group;
                    if !self.grouping.is_some_and(in_group) {
                        self.position = Position::NextGroup;
                        return false;
                    }
                }
                Ok(None) => {
                    self.position = Position::End;
                    return false;
                }
                Err(error) => return self.fail(error),
            },
            Position::NextGroup | Position::End => return false,
        }
        self.count += 1;
        match self.cancel.check_every(&mut self.until_check) {
            Ok(()) => true,
            Err(error) => self.fail(error),
        }
    }

    #[cold]
    fn fail(&mut self, error: Error) -> bool {
        self.error = Some(error);
        self.position = Position::End;
        false
    }
}

impl<V: OwnedValue + ?Sized> Iterator for Values<'_, V> {
    type Item = V::Owned;

    #[inline]
    fn next(&mut self) -> Option<V::Owned> {
        self.read(V::own)
    }
}
