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

    /// Moves to the next record of the group, and gives its value. It is compiled once for each kind of cursor, so that a
    /// value costs a single call through the table of a trait object.
    #[inline]
    fn next_of(&mut self, group: &mut Group<'_>) -> Option<&[u8]> {
        if group.advance(self) { Some(self.value()) } else { None }
    }
}

/// A group whose values are being read.
pub(crate) struct Group<'m> {
    grouping: Option<GroupingPrefix>,
    /// The group's key, or the prefix that makes the group.
    key: &'m [u8],
    cancel: &'m CancelToken,
    until_check: u32,
    position: Position,
    values: u64,
    error: Option<Error>,
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

impl Group<'_> {
    /// Moves `records` to the next record of the group.
    #[inline(always)]
    fn advance(&mut self, records: &mut (impl GroupedRecords + ?Sized)) -> bool {
        match self.position {
            Position::First => self.position = Position::Inside,
            Position::Inside => match records.advance() {
                Ok(Some(Step::SameKey)) => {}
                Ok(Some(Step::NewKey)) => {
                    let in_group = |prefix: GroupingPrefix| records.key()[..prefix(records.key())] == *self.key;
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
        self.values += 1;
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
    group: Group<'m>,
    doing: Doing,
    value: PhantomData<fn() -> &'m V>,
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
        let group = Group {
            grouping,
            key: &key[..grouping.map_or(key.len(), |prefix| prefix(key))],
            cancel,
            until_check,
            position: Position::First,
            values: 0,
            error: None,
        };
        Values { records, group, doing: Doing::here(), value: PhantomData }
    }

    /// Passes over the rest of the group, unless there was an error in it.
    ///
    /// # Errors
    /// Those of reading and decoding values.
    #[inline]
    pub(crate) fn end_group(&mut self) -> Result<()> {
        // Reducers that read all values are the usual ones.
        if matches!(self.group.position, Position::First | Position::Inside) {
            while self.group.error.is_none() && self.records.next_of(&mut self.group).is_some() {}
        }
        self.take_error().map_or(Ok(()), Err)
    }

    /// Takes the error that occurred while the group was read.
    #[inline]
    pub(crate) fn take_error(&mut self) -> Option<Error> {
        self.group.error.take()
    }

    /// Number of values that were read.
    pub(crate) fn count_read(&self) -> u64 {
        self.group.values
    }

    /// Whether another group follows this one, which has ended.
    pub(crate) fn is_followed(&self) -> bool {
        self.group.position == Position::NextGroup
    }

    /// The countdown to the next look at the token.
    pub(crate) fn until_check(&self) -> u32 {
        self.group.until_check
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
        let value = self.records.next_of(&mut self.group);
        self.doing.set(Activity::User);
        match decode(value?) {
            Ok(value) => Some(value),
            Err(error) => {
                self.group.error = Some(error);
                None
            }
        }
    }

    /// The next value with its whole key, encoded: with a grouping prefix, keys change within a group.
    #[inline]
    pub fn next_with_key(&mut self) -> Option<(&[u8], V::Ref<'_>)> {
        self.doing.set(Activity::Merge);
        let more = self.records.next_of(&mut self.group).is_some();
        self.doing.set(Activity::User);
        if !more {
            return None;
        }
        match V::decode(self.records.value()) {
            Ok(value) => Some((self.records.key(), value)),
            Err(error) => {
                self.group.error = Some(error);
                None
            }
        }
    }

    /// The whole key of the value last read, encoded: with a grouping prefix, keys change within a group.
    pub fn key(&self) -> &[u8] {
        self.records.key()
    }
}

impl<V: OwnedValue + ?Sized> Iterator for Values<'_, V> {
    type Item = V::Owned;

    #[inline]
    fn next(&mut self) -> Option<V::Owned> {
        self.read(V::own)
    }
}
