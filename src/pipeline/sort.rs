//! Sorting a full buffer: an index of fixed-size entries by (partition, key), equal keys in the order they came.
//!
//! An entry holds the first eight bytes of the key as a number, so that almost every comparison is one of two integers:
//!
//! ```text
//! prefix   8 bytes of the key, big-endian, zeros behind its end
//! rest     class (8 bits) · partition (16 bits) · position (40 bits)
//! ```
//!
//! The *class* is the number of key bytes in the prefix, or [`LONG`] if the key goes on. Zeros behind a short key's end
//! make equal prefixes of unequal keys possible, but then the shorter key is a prefix of the longer one and the class
//! orders them. Positions grow in the order of arrival, so (prefix, rest) is a total order that only needs help where two
//! long keys share a prefix.
//!
//! 1. Scatter the entries by partition (a counting sort, stable).
//! 2. Sort each partition by a radix sort on prefix and class, from the first bit in which the entries differ, eight bits
//!    at a time. Ranges below [`SMALL_RANGE`] are sorted by comparing integers.
//! 3. Where long keys share all of a prefix, load the next eight bytes and go on; a few are compared as byte strings.

/// Class of a key that goes on behind its prefix.
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
/// So few equal prefixes are compared as byte strings instead of reloaded.
const FEW_TIES: usize = 3;
/// How many entries ahead keys are fetched while prefixes are reloaded.
const PREFETCH_DISTANCE: usize = 12;

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

    /// Whether the key goes on behind the prefix.
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

/// The first eight bytes of a key as a number that orders like them.
#[inline(always)]
pub(crate) fn prefix(key: &[u8]) -> u64 {
    match key.first_chunk() {
        Some(bytes) => u64::from_be_bytes(*bytes),
        None => {
            // The last bytes of a short key overlap its first ones: three loads at most, whatever the length.
            let n = key.len();
            let (high, low) = if n >= 4 {
                let head = u32::from_be_bytes(key[..4].try_into().expect("four bytes"));
                let tail = u32::from_be_bytes(key[n - 4..].try_into().expect("four bytes"));
                (u64::from(head) << 32, u64::from(tail) << (64 - 8 * n))
            } else if n >= 2 {
                let head = u16::from_be_bytes(key[..2].try_into().expect("two bytes"));
                let tail = u16::from_be_bytes(key[n - 2..].try_into().expect("two bytes"));
                (u64::from(head) << 48, u64::from(tail) << (64 - 8 * n))
            } else {
                (key.first().map_or(0, |byte| u64::from(*byte) << 56), 0)
            };
            high | low
        }
    }
}

/// Where the keys of entries lie.
pub(crate) trait Keys: Copy {
    /// The key at a position.
    fn key(&self, position: u64) -> &[u8];

    /// Fetches what [`key`](Self::key) will look at.
    fn prefetch(&self, position: u64);
}

/// Sorts `index` by (partition, key, position). `scratch` is working memory that grows to the size of the index.
pub(crate) fn sort(index: &mut Vec<Entry>, scratch: &mut Vec<Entry>, partitions: u32, keys: impl Keys) {
    scratch.resize(index.len(), Entry::default());
    let mut start = 0;
    for end in scatter_by_partition(index, scratch, partitions) {
        sort_range(&mut index[start..end], &mut scratch[start..end], Target::Here, 0, keys);
        start = end;
    }
}

/// Brings `index` into the order of the partitions, the entries of each as they came.
pub(crate) fn by_partition(index: &mut Vec<Entry>, scratch: &mut Vec<Entry>, partitions: u32) {
    scratch.resize(index.len(), Entry::default());
    scatter_by_partition(index, scratch, partitions);
}

/// Returns where each partition ends.
fn scatter_by_partition(index: &mut Vec<Entry>, scratch: &mut Vec<Entry>, partitions: u32) -> Vec<usize> {
    if partitions <= 1 {
        return vec![index.len()];
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
    ends
}

/// Where the sorted entries of a range should end up. A pass of the radix sort moves them from one array to the other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    /// The array they are in.
    Here,
    /// The other one.
    Other,
}

/// Sorts entries of one partition that agree in the first `depth` key bytes.
fn sort_range(entries: &mut [Entry], other: &mut [Entry], target: Target, depth: usize, keys: impl Keys) {
    if entries.len() < SMALL_RANGE {
        // As one wide integer: two compared in turn cost a branch that cannot be predicted.
        entries.sort_unstable_by_key(|entry| u128::from(entry.prefix) << 64 | u128::from(entry.rest));
        sort_ties(entries, other, depth, keys);
        return deliver(entries, other, target);
    }
    let first = entries[0];
    // What came in order is done after one look; elsewhere the look is short.
    if first.prefix != entries[entries.len() - 1].prefix && entries.is_sorted() {
        sort_ties(entries, other, depth, keys);
        return deliver(entries, other, target);
    }
    // Bits in which the entries differ. They say which bits to sort by next, and whether there is anything to sort: a
    // range of one frequent key is done after one look.
    let (prefix_bits, rest_bits) = entries.iter().fold((0, 0), |(prefix_bits, rest_bits), entry| {
        (prefix_bits | (entry.prefix ^ first.prefix), rest_bits | (entry.rest ^ first.rest))
    });
    if prefix_bits != 0 {
        let common = prefix_bits.leading_zeros();
        let digit = |entry: &Entry| (entry.prefix << common >> 56) as usize;
        return scatter(entries, other, digit, |range, other| sort_range(range, other, target.flip(), depth, keys));
    }
    if rest_bits >> CLASS_SHIFT != 0 {
        let class = |entry: &Entry| entry.class() as usize;
        return scatter(entries, other, class, |range, other| go_deeper(range, other, target.flip(), depth, keys));
    }
    go_deeper(entries, other, target, depth, keys);
}

impl Target {
    fn flip(self) -> Self {
        match self {
            Target::Here => Target::Other,
            Target::Other => Target::Here,
        }
    }
}

fn deliver(entries: &[Entry], other: &mut [Entry], target: Target) {
    if target == Target::Other {
        other.copy_from_slice(entries);
    }
}

/// Moves entries to `other`, ordered by a digit below 256, equal digits in their order, and hands each digit's range on,
/// with the same range of `entries` as the other array.
#[inline(always)]
fn scatter(
    entries: &mut [Entry],
    other: &mut [Entry],
    digit: impl Fn(&Entry) -> usize,
    mut each: impl FnMut(&mut [Entry], &mut [Entry]),
) {
    // Two histograms: an entry need not wait for the count of the one before it, which often has the same digit.
    let mut counts = [[0usize; 256]; 2];
    for pair in entries.chunks(2) {
        for (entry, counts) in pair.iter().zip(&mut counts) {
            counts[digit(entry)] += 1;
        }
    }
    let counts: [usize; 256] = std::array::from_fn(|digit| counts[0][digit] + counts[1][digit]);
    let mut sum = 0;
    let mut next = counts.map(|count| {
        sum += count;
        sum - count
    });
    for entry in entries.iter() {
        let next = &mut next[digit(entry)];
        other[*next] = *entry;
        *next += 1;
    }
    let mut start = 0;
    for count in counts.into_iter().filter(|count| *count > 0) {
        let range = start..start + count;
        start += count;
        each(&mut other[range.clone()], &mut entries[range]);
    }
}

/// Finishes a range that is sorted by (prefix, rest): long keys with one prefix are sorted by what follows it.
fn sort_ties(entries: &mut [Entry], other: &mut [Entry], depth: usize, keys: impl Keys) {
    let is_tie = |pair: &[Entry]| pair[0].goes_on() && pair[1].goes_on() && pair[0].prefix == pair[1].prefix;
    for pair in entries.windows(2).filter(|pair| is_tie(pair)) {
        pair.iter().for_each(|entry| keys.prefetch(entry.position()));
    }
    let mut start = 0;
    while let Some(found) = entries[start..].iter().position(|entry| entry.goes_on()) {
        start += found;
        let first = entries[start];
        let tied = |entry: &Entry| entry.goes_on() && entry.prefix == first.prefix;
        let count = 1 + entries[start + 1..].iter().take_while(|entry| tied(entry)).count();
        if count > 1 {
            let range = start..start + count;
            go_deeper(&mut entries[range.clone()], &mut other[range], Target::Here, depth, keys);
        }
        start += count;
    }
}

/// Sorts entries with one prefix and one class, in order of position, by what follows the prefix.
fn go_deeper(entries: &mut [Entry], other: &mut [Entry], target: Target, depth: usize, keys: impl Keys) {
    if !entries[0].goes_on() || entries.len() == 1 {
        return deliver(entries, other, target);
    }
    let depth = depth + PREFIX_BYTES;
    if entries.len() <= FEW_TIES {
        entries.sort_by(|a, b| keys.key(a.position())[depth..].cmp(&keys.key(b.position())[depth..]));
        return deliver(entries, other, target);
    }
    for i in 0..entries.len() {
        if let Some(ahead) = entries.get(i + PREFETCH_DISTANCE) {
            keys.prefetch(ahead.position());
        }
        let entry = &mut entries[i];
        let tail = &keys.key(entry.position())[depth..];
        let class = (tail.len() as u64).min(LONG) | DEEPER;
        entry.prefix = prefix(tail);
        entry.rest = entry.rest & !(0xff << CLASS_SHIFT) | class << CLASS_SHIFT;
    }
    sort_range(entries, other, target, depth, keys);
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
        sort(&mut index, &mut Vec::new(), partitions, keys);
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
