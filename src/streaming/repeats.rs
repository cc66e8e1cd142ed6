//! Records of a map task that are the same, kept once with their number.
//!
//! A command that counts prints `the TAB 1` for each word, so that most of its records are the same. They are not sorted,
//! written and read one by one, but as `the`, 1 and how often; the reducer is given each of them again:
//!
//! ```text
//!                          ┌─ table ────────────┐
//!  the 1, cat 1, the 1 ─▶  │ the   1   2 times  │ ─▶ sort, spill, merge, shuffle ─▶ the 1, the 1
//!                          │ cat   1   1 time   │                                   cat 1
//!                          └────────────────────┘
//! ```
//!
//! The values of a key keep their order: a record with another value than the one before it with its key first hands that one
//! on. The table has a share of the sort buffer, hands on all that it holds when that is used up, and is given up for the rest
//! of a task where it saves less than half of the records. It combines nothing, so a job is no other by it: what goes in comes
//! out. There is none [where combiners are not to be used](crate::config::Combining::Never), nor with
//! [`twinmill.repeats=false`](crate::streaming::job::REPEATS).

use std::cell::Cell;
use std::sync::{Arc, Mutex};

use crate::job::Emit;
use crate::observe::activity::lock;
use crate::pipeline::table::{INLINE_BYTES, InlineKey, Table, load_short};
use crate::streaming::route::Route;

/// The counter group in which map tasks tell the records that they were given, and their bytes.
pub const GIVEN: &str = "twinmill.streaming.given";
/// The counter group in which reducers tell the records that they were given beside the first of each.
pub const REPEATED: &str = "twinmill.streaming.repeated";

/// Records whose slots are fetched before any of them is looked at.
const BATCH: usize = 32;
/// Records after which the table is first looked at, for what it saves; each later look comes after four times as many.
const FIRST_LOOK: u64 = if cfg!(test) { 256 } else { 16 << 10 };
/// Longest value that lies in the table: a number, as programs that count print it. A slot is half a cache line then.
const VALUE_BYTES: usize = 4;

/// A value and how often it came: from the lowest bits on its bytes, their number in three bits, and how often.
type Kept = u64;

const LENGTH_BITS: u32 = 8 * VALUE_BYTES as u32;
const TIMES_BITS: u32 = LENGTH_BITS + 3;
const ONCE: Kept = 1 << TIMES_BITS;
/// No value: it has no length that a value has.
const NOTHING: Kept = 7 << LENGTH_BITS;

#[inline(always)]
fn keep(value: &[u8]) -> Kept {
    let [bytes, _] = load_short(value).map(u64::from_le);
    bytes | (value.len() as u64) << LENGTH_BITS | ONCE
}

fn times(kept: Kept) -> u32 {
    (kept >> TIMES_BITS) as u32
}

/// Counts a value that is the one before; otherwise it takes its place, and that one is returned in `before`.
#[inline(always)]
fn count_or_replace(before: &Cell<Kept>, kept: &mut Kept, next: Kept) {
    let is_same = (*kept ^ next) & (ONCE - 1) == 0;
    match kept.checked_add(next & !(ONCE - 1)) {
        Some(sum) if is_same => *kept = sum,
        _ => before.set(std::mem::replace(kept, next)),
    }
}

/// The tables of tasks that have ended, which others use.
#[derive(Clone, Default)]
pub struct Tables(Arc<Mutex<Vec<Table<Kept>>>>);

/// The records of one map task on their way to the sort buffer. They are handed on with the number of times that each came.
#[derive(Default)]
pub struct Repeats {
    table: Table<Kept>,
    /// Records of which slots were fetched.
    batch: Vec<(InlineKey, Kept)>,
    capacity_bytes: usize,
    /// Records since the table was empty, and how many were handed on since.
    records: u64,
    handed_on: u64,
    next_look: u64,
    gave_up: bool,
    given: u64,
    given_bytes: u64,
}

impl Repeats {
    /// A table that takes so many bytes of memory, or a few KiB.
    pub fn new(capacity_bytes: usize, tables: &Tables) -> Self {
        let table = lock(&tables.0).pop().unwrap_or_default();
        Repeats { table, capacity_bytes, next_look: FIRST_LOOK, ..Repeats::default() }
    }

    /// Takes a record.
    #[inline]
    pub fn take(&mut self, key: &[u8], value: &[u8], each: &mut impl FnMut(&[u8], u32, &[u8])) {
        self.given += 1;
        self.given_bytes += (key.len() + value.len()) as u64;
        if self.gave_up {
            each(key, 1, value);
        } else if key.len() <= INLINE_BYTES && value.len() <= VALUE_BYTES {
            let key = self.table.inline_key(key);
            self.table.prefetch(&key);
            self.batch.push((key, keep(value)));
            if self.batch.len() == BATCH {
                self.put_batch(each);
            }
        } else {
            self.put_long(key, value, each);
        }
    }

    /// Puts the records of the batch into the table, for which there is room.
    #[inline(never)]
    fn put_batch(&mut self, each: &mut impl FnMut(&[u8], u32, &[u8])) {
        let Repeats { table, batch, records, handed_on, .. } = self;
        *records += batch.len() as u64;
        for (key, kept) in batch.drain(..) {
            let before = Cell::new(NOTHING);
            table.fold_inline(&key, kept, |kept, next| count_or_replace(&before, kept, next));
            hand_on(key.bytes(), before.get(), handed_on, each);
        }
        self.make_room(each);
    }

    /// Puts a record into the table whose key does not lie in its slot; or notes for its key that it is handed on, where its
    /// value is too long, or the key is.
    #[inline(never)]
    fn put_long(&mut self, key: &[u8], value: &[u8], each: &mut impl FnMut(&[u8], u32, &[u8])) {
        // There may be records with its key among them.
        self.put_batch(each);
        if self.gave_up {
            return each(key, 1, value);
        }
        let kept = if value.len() <= VALUE_BYTES { keep(value) } else { NOTHING };
        let Repeats { table, records, handed_on, capacity_bytes, .. } = self;
        *records += 1;
        let before = Cell::new(NOTHING);
        let put = |kept: &mut Kept, next| count_or_replace(&before, kept, next);
        let is_put = if key.len() <= INLINE_BYTES {
            table.fold_inline(&table.inline_key(key), kept, put);
            true
        } else {
            let most_bytes = capacity_bytes.saturating_sub(table.memory_bytes());
            table.fold_long(key, kept, put, most_bytes).is_ok()
        };
        hand_on(key, before.get(), handed_on, each);
        if kept == NOTHING || !is_put {
            *handed_on += 1;
            each(key, 1, value);
        }
        if is_put { self.make_room(each) } else { self.hand_on_all(each) }
    }

    /// Makes room for a batch, and gives the table up where it saves too little.
    #[inline(always)]
    fn make_room(&mut self, each: &mut impl FnMut(&[u8], u32, &[u8])) {
        if !self.table.has_room(BATCH) {
            self.grow(each);
        }
        if self.records >= self.next_look {
            self.next_look = 4 * self.records;
            self.judge(each);
        }
    }

    #[cold]
    fn grow(&mut self, each: &mut impl FnMut(&[u8], u32, &[u8])) {
        let fits = self.table.len() < BATCH || self.table.memory_bytes_to_grow() <= self.capacity_bytes;
        if !fits || self.table.grow().is_err() {
            self.hand_on_all(each);
        }
    }

    #[cold]
    fn judge(&mut self, each: &mut impl FnMut(&[u8], u32, &[u8])) {
        if 2 * (self.handed_on + self.table.len() as u64) > self.records {
            self.gave_up = true;
            self.hand_on_all(each);
            self.table = Table::default();
        }
    }

    /// Hands on what is in the table, and empties it. It is judged by what it held: with a small table that is little each time.
    #[cold]
    fn hand_on_all(&mut self, each: &mut impl FnMut(&[u8], u32, &[u8])) {
        for (at, key) in self.table.keys() {
            hand_on(key, *self.table.value(at), &mut self.handed_on, each);
        }
        self.table.clear();
        if self.records >= FIRST_LOOK {
            self.gave_up |= 2 * self.handed_on > self.records;
            (self.records, self.handed_on, self.next_look) = (0, 0, FIRST_LOOK);
        }
    }

    /// Hands on the rest, and counts what was given.
    pub fn finish(mut self, tables: &Tables, route: &mut Route, out: &mut impl Emit<[u8], [u8]>) {
        let each = &mut |key: &[u8], times, value: &[u8]| route.emit_times(times, key, value, out);
        self.put_batch(each);
        self.hand_on_all(each);
        out.count(GIVEN, "records", self.given);
        out.count(GIVEN, "bytes", self.given_bytes);
        lock(&tables.0).push(self.table);
    }
}

#[inline(always)]
fn hand_on(key: &[u8], kept: Kept, handed_on: &mut u64, each: &mut impl FnMut(&[u8], u32, &[u8])) {
    if times(kept) > 0 {
        *handed_on += 1;
        let length = kept >> LENGTH_BITS & 7;
        each(key, times(kept), &kept.to_le_bytes()[..length as usize]);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    type Records = Vec<(Vec<u8>, Vec<u8>)>;

    /// What comes out, each record as often as it came; and how many records were handed on.
    fn through(records: &Records, capacity_bytes: usize) -> (Records, usize, Repeats) {
        let (mut repeats, mut out, mut handed_on) = (Repeats::new(capacity_bytes, &Tables::default()), Vec::new(), 0);
        let mut each = |key: &[u8], times: u32, value: &[u8]| {
            handed_on += 1;
            out.extend((0..times).map(|_| (key.to_vec(), value.to_vec())));
        };
        records.iter().for_each(|(key, value)| repeats.take(key, value, &mut each));
        repeats.put_batch(&mut each);
        repeats.hand_on_all(&mut each);
        (out, handed_on, repeats)
    }

    fn values_by_key(records: &Records) -> BTreeMap<&[u8], Vec<&[u8]>> {
        let mut values = BTreeMap::<_, Vec<_>>::new();
        for (key, value) in records {
            values.entry(key.as_slice()).or_default().push(value.as_slice());
        }
        values
    }

    /// A byte so many times: short and long keys and values, and those as long as fits into a slot.
    fn text(longest: usize) -> impl Strategy<Value = Vec<u8>> {
        let edge = prop_oneof![Just(0), Just(longest - 1), Just(longest), Just(longest + 1), 0..2 * longest];
        (edge, b'a'..b'd').prop_map(|(length, byte)| vec![byte; length])
    }

    proptest! {
        #[test]
        fn the_values_of_each_key_come_out_as_they_went_in(
            records in prop::collection::vec((text(INLINE_BYTES), text(VALUE_BYTES)), 0..3000),
            capacity_bytes in prop_oneof![Just(0usize), 0usize..20_000, Just(1 << 20)],
        ) {
            let (out, _, _) = through(&records, capacity_bytes);
            prop_assert!(values_by_key(&out) == values_by_key(&records));
        }
    }

    fn counted(keys: u32, records: u32) -> Records {
        (0..records).map(|i| ((i % keys).to_string().into_bytes(), b"1".to_vec())).collect()
    }

    #[test]
    fn records_that_are_the_same_are_handed_on_once() {
        let (out, handed_on, repeats) = through(&counted(100, 10_000), 1 << 20);
        assert_eq!((out.len(), handed_on), (10_000, 100));
        assert!(!repeats.gave_up);
    }

    #[test]
    fn a_table_that_saves_nothing_is_given_up() {
        let (out, handed_on, repeats) = through(&counted(10_000, 10_000), 1 << 20);
        assert_eq!((out.len(), handed_on), (10_000, 10_000));
        assert!(repeats.gave_up);
        let long_values: Records = (0..1000).map(|_| (b"key".to_vec(), vec![b'v'; VALUE_BYTES + 1])).collect();
        assert!(through(&long_values, 1 << 20).2.gave_up);
    }

    #[test]
    fn a_table_takes_no_more_memory_than_it_may() {
        for capacity_bytes in [8 << 10, 64 << 10, 1 << 20] {
            let mut repeats = Repeats::new(capacity_bytes, &Tables::default());
            for i in 0..20_000u32 {
                for key in [i.to_string(), format!("a key that lies in no slot: {i}")] {
                    for _ in 0..3 {
                        repeats.take(key.as_bytes(), b"1", &mut |_, _, _| {});
                    }
                }
                assert!(repeats.table.memory_bytes() <= capacity_bytes, "{capacity_bytes} {i}");
            }
            assert!(!repeats.gave_up);
        }
    }

    #[test]
    fn a_value_that_came_most_often_is_handed_on_before_it_comes_again() {
        let before = Cell::new(NOTHING);
        let one = keep(b"1");
        let most = one | !(ONCE - 1);
        let mut kept = most;
        count_or_replace(&before, &mut kept, one);
        assert_eq!((before.get(), kept), (most, one));
    }
}
