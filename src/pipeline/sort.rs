//! Sorting a full buffer: an index of fixed-size entries by (partition, key), equal keys in the order they came.
//!
//! An entry holds the first eight bytes of the key as a number, so that almost every comparison is one of two integers:
//!
//! ```text
//! prefix   8 bytes of the key, big-endian, zeros after its end
//! rest     class (8 bits) · partition (16 bits) · position (40 bits)
//! ```
//!
//! The *class* is the number of key bytes in the prefix, or [`LONG`] if the key is longer. Because of the zeros after a
//! short key's end, unequal keys may have equal prefixes; but then the shorter key is a prefix of the longer one, and
//! the class orders them. Positions grow in the order of arrival, so (prefix, rest) is a total order that only needs
//! help where two long keys share a prefix.
//!
//! 1. Scatter the entries by partition (a counting sort, stable).
//! 2. Sort each partition by a radix sort on prefix and class, from the first bit in which the entries differ, eight bits
//!    at a time. Ranges below [`SMALL_RANGE`] are sorted by comparing integers.
//! 3. Where long keys share all of a prefix, load the next eight bytes and go on; a few are compared as byte strings.
//!
//! Ranges that are left to sort are kept in a list, so that the stack does not grow with the depth at which keys
//! differ. Keys that have agreed for long are not loaded eight bytes at a time: a range that has agreed in n bytes is
//! compared in up to n more at once. So a common prefix costs a look at its bytes and few loads, and a wrong guess
//! costs no more than the right ones before it have saved.

use crate::cancel::CancelToken;
use crate::error::{Error, Result};
use crate::record::prefix::prefix;

/// Class of a key that is longer than its prefix.
const LONG: u64 = 9;
/// Added to the class of entries whose prefix was loaded from deeper in the key. All entries that are ever compared with
/// each other have the same depth, so it does not change the order.
const DEEPER: u64 = 0x10;
const CLASS_SHIFT: u32 = 56;
const PARTITION_SHIFT: u32 = 40;
const POSITION_MASK: u64 = (1 << PARTITION_SHIFT) - 1;
const PREFIX_BYTES: usize = 8;
/// Ranges below this are sorted by comparison.
const SMALL_RANGE: usize = 256;
/// Up to so many equal prefixes are compared as byte strings instead of reloaded.
const FEW_TIES: usize = 3;
/// Once keys have agreed in so many bytes, the length of their agreement is looked for ahead.
const LONG_AGREEMENT: usize = 64;
/// Distance, in entries, at which keys are fetched ahead while prefixes are reloaded.
const PREFETCH_DISTANCE: usize = 12;
/// Entries, and bytes of a key, between two looks at the token.
const CHECK_DISTANCE: usize = 1 << 16;

/// Largest position an entry can hold.
pub(crate) const MAX_POSITION: u64 = POSITION_MASK;

/// One record in the index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    prefix: u64,
    rest: u64,
}

impl Entry {
    /// The entry of a record with `key`, at `position` in its buffer.
    #[inline(always)]
    pub fn new(key: &[u8], partition: u32, position: u64) -> Self {
        let class = (key.len() as u64).min(LONG);
        let rest = class << CLASS_SHIFT | u64::from(partition) << PARTITION_SHIFT | position;
        Entry { prefix: prefix(key), rest }
    }

    #[inline(always)]
    pub fn position(self) -> u64 {
        self.rest & POSITION_MASK
    }

    #[inline(always)]
    pub fn partition(self) -> u32 {
        (self.rest >> PARTITION_SHIFT) as u16 as u32
    }

    #[inline(always)]
    fn class(self) -> u64 {
        self.rest >> CLASS_SHIFT
    }

    /// Whether the key is longer than its prefix.
    #[inline(always)]
    fn goes_on(self) -> bool {
        self.class() & !DEEPER == LONG
    }

    /// Whether two entries of a sorted index have the same key, as far as the entries tell: `None` if the keys must be
    /// looked at.
    #[inline(always)]
    pub fn same_key(self, other: Entry) -> Option<bool> {
        if self.prefix != other.prefix || self.class() != other.class() {
            Some(false)
        } else if self.class() < LONG {
            Some(true)
        } else {
            None
        }
    }
}

/// Access to the keys of entries.
pub(crate) trait Keys: Copy {
    /// The key at a position.
    fn key(&self, position: u64) -> &[u8];

    /// Fetches the bytes that [`key`](Self::key) will look at.
    fn prefetch(&self, position: u64);
}

/// Sorts `index` by (partition, key, position). `scratch` is working memory that grows to the size of the index.
///
/// # Errors
/// [`Error::MemoryRefused`] where `scratch` cannot grow, [`Error::Cancelled`]; the index is in no order then.
pub(crate) fn sort(
    index: &mut Vec<Entry>,
    scratch: &mut Vec<Entry>,
    partitions: u32,
    keys: impl Keys,
    cancel: &CancelToken,
) -> Result<()> {
    let histograms = Box::new([[0; 256]; 2]);
    let mut sorter = Sorter { keys, cancel, ranges: Vec::new(), ties: Vec::new(), histograms };
    let mut start = 0;
    for end in scatter_by_partition(index, scratch, partitions)? {
        sorter.sort(&mut index[start..end], &mut scratch[start..end])?;
        start = end;
    }
    Ok(())
}

/// Brings `index` into the order of the partitions, the entries of each as they came.
///
/// # Errors
/// [`Error::MemoryRefused`] where `scratch` cannot grow.
pub(crate) fn by_partition(index: &mut Vec<Entry>, scratch: &mut Vec<Entry>, partitions: u32) -> Result<()> {
    scatter_by_partition(index, scratch, partitions).map(|_| ())
}

/// Makes `scratch` as long as `index` and returns where each partition ends.
fn scatter_by_partition(index: &mut Vec<Entry>, scratch: &mut Vec<Entry>, partitions: u32) -> Result<Vec<usize>> {
    let more = index.len().saturating_sub(scratch.len());
    scratch.try_reserve_exact(more).map_err(|_| Error::refused("sorting", size_of_val(&**index)))?;
    scratch.resize(index.len(), Entry::default());
    if partitions <= 1 {
        return Ok(vec![index.len()]);
    }
    let mut ends = vec![0usize; partitions as usize];
    for entry in index.iter() {
        ends[entry.partition() as usize] += 1;
    }
    let mut sum = 0;
    for end in &mut ends {
        sum += std::mem::replace(end, sum);
    }
    for entry in index.iter() {
        let next = &mut ends[entry.partition() as usize];
        scratch[*next] = *entry;
        *next += 1;
    }
    std::mem::swap(index, scratch);
    Ok(ends)
}

/// Entries of one partition that are left to sort: all that agree in the first `depth` key bytes.
#[derive(Clone, Copy, Debug)]
struct Range {
    start: usize,
    end: usize,
    depth: usize,
    /// Number of bytes before `depth` in which they have agreed since the range was last divided.
    agreed: usize,
    place: Place,
    step: Step,
}

/// The array that a range lies in. A pass of the radix sort moves it to the other one; sorted, it belongs in the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Index,
    Scratch,
}

/// The next step for a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Sort by the eight bytes at `depth`, which the entries hold.
    Sort,
    /// Load the next eight bytes: the entries agree in those that they hold, are in order of position, and their keys
    /// go on.
    Load,
}

/// Sorts the entries of one partition after another.
struct Sorter<'c, K> {
    keys: K,
    cancel: &'c CancelToken,
    /// Ranges that are left to sort.
    ranges: Vec<Range>,
    /// Parts of the current range that are left to sort: start and end in it, depth, and agreed bytes.
    ties: Vec<(usize, usize, usize, usize)>,
    /// Number of entries with each digit in the last pass; during the pass, the place of the next entry with it.
    histograms: Box<[[usize; 256]; 2]>,
}

impl<K: Keys> Sorter<'_, K> {
    /// Sorts `index`, the entries of one partition; `scratch` is as long.
    fn sort(&mut self, index: &mut [Entry], scratch: &mut [Entry]) -> Result<()> {
        let all = Range { start: 0, end: index.len(), depth: 0, agreed: 0, place: Place::Index, step: Step::Sort };
        self.ranges.push(all);
        while let Some(range) = self.ranges.pop() {
            self.cancel.check()?;
            let (entries, other) = match range.place {
                Place::Index => (&mut index[range.start..range.end], &mut scratch[range.start..range.end]),
                Place::Scratch => (&mut scratch[range.start..range.end], &mut index[range.start..range.end]),
            };
            match range.step {
                Step::Sort => self.sort_range(entries, other, range)?,
                Step::Load => {
                    let range = self.load(entries, range)?;
                    self.sort_range(entries, other, range)?;
                }
            }
        }
        Ok(())
    }

    /// Sorts a range, or makes one more pass and notes the ranges that are left. `other` is its place in the other
    /// array.
    fn sort_range(&mut self, entries: &mut [Entry], other: &mut [Entry], range: Range) -> Result<()> {
        if entries.len() < SMALL_RANGE {
            return self.sort_small(entries, other, range);
        }
        let first = entries[0];
        // Entries that came in order are done after one look; for others the look is short.
        if first.prefix != entries[entries.len() - 1].prefix && entries.is_sorted() {
            self.sort_ties(entries, range)?;
            range.place.deliver(entries, other);
            return Ok(());
        }
        // Bits in which the entries differ. They say which bits to sort by next, and whether there is anything to sort: a
        // range of one frequent key is done after one look.
        let (prefix_bits, rest_bits) = entries.iter().fold((0, 0), |(prefix_bits, rest_bits), entry| {
            (prefix_bits | (entry.prefix ^ first.prefix), rest_bits | (entry.rest ^ first.rest))
        });
        if prefix_bits != 0 {
            let common = prefix_bits.leading_zeros();
            self.scatter(entries, other, |entry| (entry.prefix << common >> 56) as usize)?;
            return self.sort_scattered(other, entries, range, Step::Sort);
        }
        if rest_bits >> CLASS_SHIFT != 0 {
            self.scatter(entries, other, |entry| entry.class() as usize)?;
            return self.sort_scattered(other, entries, range, Step::Load);
        }
        if first.goes_on() {
            self.ranges.push(Range { step: Step::Load, ..range });
        } else {
            range.place.deliver(entries, other);
        }
        Ok(())
    }

    /// Takes the next step with the entries that one pass has moved to `entries`, digit after digit. They lay in
    /// `other` before.
    fn sort_scattered(&mut self, entries: &mut [Entry], other: &mut [Entry], range: Range, step: Step) -> Result<()> {
        let mut start = 0;
        for digit in 0..256 {
            let count = self.histograms[0][digit];
            if count == 0 {
                continue;
            }
            let end = start + count;
            let (entries, other) = (&mut entries[start..end], &mut other[start..end]);
            let part = Range {
                start: range.start + start,
                end: range.start + end,
                agreed: 0,
                place: range.place.other(),
                step,
                ..range
            };
            match step {
                Step::Sort if count < SMALL_RANGE => self.sort_small(entries, other, part)?,
                Step::Load if count == 1 || !entries[0].goes_on() => part.place.deliver(entries, other),
                _ => self.ranges.push(part),
            }
            start = end;
        }
        Ok(())
    }

    /// Sorts a range of few entries.
    #[inline]
    fn sort_small(&mut self, entries: &mut [Entry], other: &mut [Entry], range: Range) -> Result<()> {
        sort_by_comparison(entries);
        self.sort_ties(entries, range)?;
        range.place.deliver(entries, other);
        Ok(())
    }

    /// Finishes a range that is sorted by (prefix, rest): long keys with the same prefix are sorted by their next
    /// bytes. Where there are many, that is left for later.
    #[inline]
    fn sort_ties(&mut self, entries: &mut [Entry], range: Range) -> Result<()> {
        self.find_ties(entries, 0, range.depth, range.agreed);
        while let Some((start, end, depth, agreed)) = self.ties.pop() {
            let tied = &mut entries[start..end];
            let (first, last) = (range.start + start, range.start + end);
            let tie = Range { start: first, end: last, depth, agreed, place: Place::Index, step: Step::Load };
            if tied.len() < SMALL_RANGE {
                let tie = self.load(tied, tie)?;
                sort_by_comparison(tied);
                self.find_ties(tied, start, tie.depth, tie.agreed);
            } else {
                self.ranges.push(tie);
            }
        }
        Ok(())
    }

    /// Finds long keys with the same prefix among sorted entries, which begin at `offset` of the current range. A few
    /// such keys are sorted at once.
    #[inline]
    fn find_ties(&mut self, entries: &mut [Entry], offset: usize, depth: usize, agreed: usize) {
        let is_tie = |pair: &[Entry]| pair[0].goes_on() && pair[1].goes_on() && pair[0].prefix == pair[1].prefix;
        for pair in entries.windows(2).filter(|pair| is_tie(pair)) {
            pair.iter().for_each(|entry| self.keys.prefetch(entry.position()));
        }
        let mut start = 0;
        while let Some(found) = entries[start..].iter().position(|entry| entry.goes_on()) {
            start += found;
            let first = entries[start];
            let tied = |entry: &Entry| entry.goes_on() && entry.prefix == first.prefix;
            let count = 1 + entries[start + 1..].iter().take_while(|entry| tied(entry)).count();
            if count > FEW_TIES {
                let agreed = if count == entries.len() { agreed } else { 0 };
                self.ties.push((offset + start, offset + start + count, depth, agreed));
            } else if count > 1 {
                let rest = |entry: &Entry| &self.keys.key(entry.position())[depth + PREFIX_BYTES..];
                entries[start..start + count].sort_by(|a, b| rest(a).cmp(rest(b)));
            }
            start += count;
        }
    }

    /// Loads the eight bytes after those in which the entries agree.
    fn load(&self, entries: &mut [Entry], range: Range) -> Result<Range> {
        let (mut depth, mut agreed) = (range.depth + PREFIX_BYTES, range.agreed + PREFIX_BYTES);
        if agreed >= LONG_AGREEMENT {
            let further = self.agreement(entries, depth, agreed)?;
            (depth, agreed) = (depth + further, agreed + further);
        }
        let keys = self.keys;
        for at in 0..entries.len() {
            if let Some(ahead) = entries.get(at + PREFETCH_DISTANCE) {
                keys.prefetch(ahead.position());
            }
            if at % CHECK_DISTANCE == CHECK_DISTANCE - 1 {
                self.cancel.check()?;
            }
            let entry = &mut entries[at];
            let tail = &keys.key(entry.position())[depth..];
            let class = (tail.len() as u64).min(LONG) | DEEPER;
            entry.prefix = prefix(tail);
            entry.rest = entry.rest & !(0xff << CLASS_SHIFT) | class << CLASS_SHIFT;
        }
        Ok(Range { depth, agreed, step: Step::Sort, ..range })
    }

    /// Number of bytes from `depth` on in which the keys of the entries agree: `most` or fewer.
    fn agreement(&self, entries: &[Entry], depth: usize, most: usize) -> Result<usize> {
        let tail = |entry: &Entry| &self.keys.key(entry.position())[depth..];
        let first = tail(&entries[0]);
        let mut common = &first[..first.len().min(most)];
        let mut until_check = CHECK_DISTANCE;
        for (at, entry) in entries.iter().enumerate().skip(1) {
            if common.len() < PREFIX_BYTES {
                // Loading is as fast; the others need not be looked at.
                return Ok(0);
            }
            if let Some(ahead) = entries.get(at + PREFETCH_DISTANCE) {
                self.keys.prefetch(ahead.position());
            }
            common = &common[..common_len(common, tail(entry))];
            until_check = until_check.saturating_sub(1 + common.len());
            if until_check == 0 {
                until_check = CHECK_DISTANCE;
                self.cancel.check()?;
            }
        }
        Ok(common.len())
    }

    /// Moves entries to `other`, ordered by a digit below 256, equal digits in their order, and counts the entries of
    /// each digit.
    #[inline(always)]
    fn scatter(&mut self, entries: &[Entry], other: &mut [Entry], digit: impl Fn(&Entry) -> usize) -> Result<()> {
        // Two histograms: an entry need not wait for the count of the one before it, which often has the same digit.
        let histograms = &mut *self.histograms;
        *histograms = [[0; 256]; 2];
        for pair in entries.chunks(2) {
            for (entry, histogram) in pair.iter().zip(&mut *histograms) {
                histogram[digit(entry)] += 1;
            }
        }
        let [counts, next] = histograms;
        let mut sum = 0;
        for (count, next) in counts.iter_mut().zip(&mut *next) {
            *count += std::mem::replace(next, sum);
            sum += *count;
        }
        for chunk in entries.chunks(CHECK_DISTANCE) {
            self.cancel.check()?;
            for entry in chunk {
                let next = &mut next[digit(entry)];
                other[*next] = *entry;
                *next += 1;
            }
        }
        Ok(())
    }
}

impl Place {
    fn other(self) -> Self {
        match self {
            Place::Index => Place::Scratch,
            Place::Scratch => Place::Index,
        }
    }

    /// Brings sorted entries that lie here into the index.
    #[inline(always)]
    fn deliver(self, entries: &[Entry], other: &mut [Entry]) {
        if self == Place::Scratch {
            other.copy_from_slice(entries);
        }
    }
}

fn sort_by_comparison(entries: &mut [Entry]) {
    // As one wide integer: two compared in turn cost a branch that cannot be predicted.
    entries.sort_unstable_by_key(|entry| u128::from(entry.prefix) << 64 | u128::from(entry.rest));
}

/// Length of the common prefix of two byte strings.
fn common_len(a: &[u8], b: &[u8]) -> usize {
    const STRIDE: usize = 32;
    let strides = a.chunks_exact(STRIDE).zip(b.chunks_exact(STRIDE));
    let start = STRIDE * strides.take_while(|(a, b)| a == b).count();
    start + a[start..].iter().zip(&b[start..]).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    impl Keys for &[(u32, Vec<u8>)] {
        fn key(&self, position: u64) -> &[u8] {
            &self[position as usize].1
        }

        fn prefetch(&self, _: u64) {}
    }

    fn sorted(keys: &[(u32, Vec<u8>)], partitions: u32) -> Vec<usize> {
        let mut index: Vec<Entry> =
            keys.iter().enumerate().map(|(i, (partition, key))| Entry::new(key, *partition, i as u64)).collect();
        sort(&mut index, &mut Vec::new(), partitions, keys, &CancelToken::default()).unwrap();
        for pair in index.windows(2) {
            let [a, b] = [pair[0].position() as usize, pair[1].position() as usize];
            if let (true, Some(same)) = (keys[a].0 == keys[b].0, pair[0].same_key(pair[1])) {
                assert_eq!(same, keys[a].1 == keys[b].1);
            }
        }
        index.iter().map(|entry| entry.position() as usize).collect()
    }

    fn plainly_sorted(keys: &[(u32, Vec<u8>)]) -> Vec<usize> {
        let mut order: Vec<usize> = (0..keys.len()).collect();
        order.sort_by(|&a, &b| keys[a].cmp(&keys[b]));
        order
    }

    fn awkward_key() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![Just(0u8), Just(b'a'), Just(0xff), any::<u8>()];
        prop_oneof![
            prop::collection::vec(byte.clone(), 0..12),
            prop::collection::vec(byte, 0..4).prop_map(|tail| [b"the same first words ".to_vec(), tail].concat()),
        ]
    }

    proptest! {
        #[test]
        fn few_keys_sort_like_a_plain_stable_sort(keys in prop::collection::vec((0u32..3, awkward_key()), 0..200)) {
            prop_assert_eq!(sorted(&keys, 3), plainly_sorted(&keys));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]
        #[test]
        fn many_keys_sort_like_a_plain_stable_sort(keys in prop::collection::vec((0u32..2, awkward_key()), 5_000..9_000)) {
            prop_assert_eq!(sorted(&keys, 2), plainly_sorted(&keys));
        }
    }

    /// Keys that agree in the first bytes of one text, in groups as deep as the text says.
    fn deep_key() -> impl Strategy<Value = Vec<u8>> {
        let depths = prop::sample::select(vec![0usize, 7, 8, 9, 63, 64, 65, 72, 128, 129, 500, 1024, 4000]);
        let tail = prop::collection::vec(prop_oneof![Just(0u8), Just(b'x'), Just(0xff)], 0..10);
        (depths, tail).prop_map(|(depth, tail)| [vec![b'x'; depth], tail].concat())
    }

    /// Runs `test` in a thread that has hardly any stack.
    fn on_a_small_stack(test: impl FnOnce() + Send) {
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().stack_size(64 << 10).spawn_scoped(scope, test);
            thread.unwrap().join().unwrap();
        });
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]
        #[test]
        fn keys_with_long_common_prefixes_sort_like_any_others(
            few in prop::collection::vec((0u32..2, deep_key()), 0..200),
            many in prop::collection::vec((0u32..2, deep_key()), 300..600),
        ) {
            on_a_small_stack(|| {
                assert_eq!(sorted(&few, 2), plainly_sorted(&few));
                assert_eq!(sorted(&many, 2), plainly_sorted(&many));
            });
        }
    }

    #[test]
    fn the_stack_does_not_grow_with_the_depth_at_which_keys_differ() {
        for count in [4, 16, 600] {
            for (len, step) in [(20_000, 0), (20_000, 1), (3000, 7), (0, 8)] {
                // Equal keys; long prefixes of one another; and stairs, from which each further step takes a key.
                let keys: Vec<_> = (0..count).map(|i| (0, vec![b'x'; len + i % 300 * step])).collect();
                on_a_small_stack(|| assert_eq!(sorted(&keys, 1), plainly_sorted(&keys), "{count} {len} {step}"));
            }
        }
    }

    /// Keys, with how often one was looked at.
    #[derive(Clone, Copy)]
    struct Counted<'k> {
        keys: &'k [Vec<u8>],
        looks: &'k std::cell::Cell<usize>,
    }

    impl Keys for Counted<'_> {
        fn key(&self, position: u64) -> &[u8] {
            self.looks.set(self.looks.get() + 1);
            &self.keys[position as usize]
        }

        fn prefetch(&self, _: u64) {}
    }

    fn looks_to_sort(keys: &[Vec<u8>]) -> usize {
        let mut index: Vec<_> = keys.iter().enumerate().map(|(i, key)| Entry::new(key, 0, i as u64)).collect();
        let looks = std::cell::Cell::new(0);
        sort(&mut index, &mut Vec::new(), 1, Counted { keys, looks: &looks }, &CancelToken::default()).unwrap();
        assert!(index.is_sorted_by_key(|entry| (&keys[entry.position() as usize], entry.position())));
        looks.get()
    }

    #[test]
    fn a_common_prefix_four_times_as_long_costs_two_more_looks_at_a_key() {
        for count in [100, 400] {
            let looks = [1_000, 4_000, 16_000].map(|len| looks_to_sort(&vec![vec![b'x'; len]; count]));
            assert!(looks[0] < 25 * count, "{looks:?}");
            for pair in looks.windows(2) {
                assert!(pair[1] <= pair[0] + 6 * count, "{count} keys: {looks:?}");
            }
        }
    }

    #[test]
    fn keys_that_part_one_by_one_cost_looks_as_they_have_bytes() {
        let stairs = |count: usize, step: usize| -> Vec<Vec<u8>> {
            (0..count).rev().map(|i| [vec![b'x'; i * step], b"y".to_vec()].concat()).collect()
        };
        for step in [1, 8, 24, 70, 200] {
            for count in [60, 300] {
                let keys = stairs(count, step);
                let bytes: usize = keys.iter().map(Vec::len).sum();
                let looks = looks_to_sort(&keys);
                assert!(looks <= bytes / 2 + 10 * count, "{count} keys in steps of {step}: {looks} for {bytes} bytes");
            }
        }
    }

    #[test]
    fn a_sort_that_is_cancelled_ends() {
        let cancel = CancelToken::default();
        cancel.cancel();
        let keys = vec![(0, b"key".to_vec()); 10];
        let mut index: Vec<_> = (0..10).map(|i| Entry::new(b"key", 0, i)).collect();
        let sorted = sort(&mut index, &mut Vec::new(), 1, &*keys, &cancel);
        assert!(matches!(sorted, Err(Error::Cancelled)));
    }

    #[test]
    fn equal_long_keys_keep_their_order() {
        let keys = vec![(0, vec![b'x'; 100]); 5000];
        assert_eq!(sorted(&keys, 1), (0..5000).collect::<Vec<_>>());
    }

    #[test]
    fn prefixes_order_like_keys() {
        for n in 0..10 {
            let key: Vec<u8> = (1..=n).collect();
            let mut padded = key.clone();
            padded.resize(8.max(key.len()), 0);
            assert_eq!(prefix(&key), u64::from_be_bytes(padded[..8].try_into().unwrap()), "{n}");
        }
    }
}
