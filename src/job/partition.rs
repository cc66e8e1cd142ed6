//! Partitioners, which choose the reducer of a key.

use std::sync::Arc;

use crate::record::prefix::prefix;

/// Chooses the reducer of a key. Closures `Fn(&[u8], u32) -> u32` are partitioners, too.
///
/// ```
/// use twinmill::prelude::*;
///
/// # let dir = tempfile::tempdir().unwrap();
/// # let (input, output) = (dir.path().join("input"), dir.path().join("output"));
/// # std::fs::write(&input, "to be or not to be").unwrap();
/// let by_first_letter = |key: &[u8], reducers: u32| match key.first() {
///     Some(b'a'..=b'n') => 0,
///     _ => reducers - 1,
/// };
/// let job = Job::new("wordcount", Words, Sum).partition_by(by_first_letter).input(&input);
/// job.run(&JobConfig::new(Mode::Memory).reducers(2).output(&output))?;
/// assert_eq!(std::fs::read_to_string(output.join("part-r-00000")).unwrap(), "be\t2\nnot\t1\n");
/// assert_eq!(std::fs::read_to_string(output.join("part-r-00001")).unwrap(), "or\t1\nto\t2\n");
/// # Ok::<(), Error>(())
/// ```
pub trait Partitioner: Clone + Send + Sync {
    /// The partition, below `reducers`, of a key's [encoding](crate::record::key).
    fn partition(&self, key: &[u8], reducers: u32) -> u32;
}

impl<F: Fn(&[u8], u32) -> u32 + Clone + Send + Sync> Partitioner for F {
    #[inline(always)]
    fn partition(&self, key: &[u8], reducers: u32) -> u32 {
        self(key, reducers)
    }
}

/// Bytes at the front of an encoded key that records of one group share.
pub type GroupingPrefix = fn(&[u8]) -> usize;

/// Spreads keys evenly and always the same way: XXH3-64 of the key, or of its grouping prefix.
#[derive(Clone, Copy, Debug, Default)]
pub struct HashPartitioner {
    prefix: Option<GroupingPrefix>,
}

impl HashPartitioner {
    /// Gives keys that share this prefix to one reducer.
    pub fn of_prefix(prefix: GroupingPrefix) -> Self {
        HashPartitioner { prefix: Some(prefix) }
    }
}

impl Partitioner for HashPartitioner {
    #[inline(always)]
    fn partition(&self, key: &[u8], reducers: u32) -> u32 {
        if reducers <= 1 {
            return 0;
        }
        let key = self.prefix.map_or(key, |prefix| &key[..prefix(key)]);
        let hash = xxhash_rust::xxh3::xxh3_64(key);
        ((u128::from(hash) * u128::from(reducers)) >> 64) as u32
    }
}

/// Gives each reducer a range of keys, so that the parts one after another are sorted.
#[derive(Clone, Debug)]
pub struct TotalOrderPartitioner {
    /// First key of each partition but the first, ascending. Before each key stand its first bytes as a number, which
    /// tell most keys apart.
    split_points: Arc<[(u64, Box<[u8]>)]>,
}

impl TotalOrderPartitioner {
    /// Makes a first range, which begins with any key, and after it ranges that begin with these encoded keys, in
    /// ascending order.
    pub fn from_split_points(split_points: Vec<Box<[u8]>>) -> Self {
        TotalOrderPartitioner { split_points: split_points.into_iter().map(|key| (prefix(&key), key)).collect() }
    }

    /// Ranges with as many of the numbers below `count` each.
    pub fn of_numbers(count: u32, ranges: u32) -> Self {
        let first = |range: u32| (u64::from(count) * u64::from(range) / u64::from(ranges)) as u32;
        Self::from_split_points((1..ranges).map(|range| first(range).to_be_bytes().into()).collect())
    }

    /// Chooses split points for `reducers` ranges of about equal weight from a sample of encoded keys.
    pub fn from_sample(sample: Vec<Box<[u8]>>, reducers: u32) -> Self {
        Self::from_split_points(Self::points_of_sample(sample, reducers))
    }

    /// The split points that [`from_sample`](Self::from_sample) chooses.
    pub(crate) fn points_of_sample(mut sample: Vec<Box<[u8]>>, reducers: u32) -> Vec<Box<[u8]>> {
        sample.sort_unstable();
        let ranges = u64::from(reducers.max(1));
        let point = |range| sample.get((range * sample.len() as u64 / ranges) as usize).cloned();
        let mut split_points: Vec<_> = (1..ranges).filter_map(point).collect();
        split_points.dedup();
        split_points
    }
}

impl Partitioner for TotalOrderPartitioner {
    #[inline(always)]
    fn partition(&self, key: &[u8], _reducers: u32) -> u32 {
        let key_prefix = prefix(key);
        let begins_before =
            |(prefix, point): &(u64, Box<[u8]>)| *prefix < key_prefix || *prefix == key_prefix && **point <= *key;
        self.split_points.partition_point(begins_before) as u32
    }
}
