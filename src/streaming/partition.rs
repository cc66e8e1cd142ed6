//! Partitioners that choose the reducer that Hadoop chooses, bit for bit.

use std::sync::Arc;

use crate::job::Partitioner;
use crate::streaming::key_fields::KeyFields;
use crate::streaming::split_points::SplitPoints;
use crate::streaming::{java_hash, java_text};

/// The way in which the reducer of a key is chosen.
#[derive(Clone, Debug)]
pub enum ByHadoop {
    /// `HashPartitioner` over the bytes of a `Text` or a `BytesWritable`.
    Hash,
    /// `HashPartitioner` over a `LongWritable`.
    Long,
    /// `KeyFieldBasedPartitioner`.
    Fields(KeyFields),
    /// `BinaryPartitioner`, with its offsets from the left or, negative, from the right.
    Binary { left: i64, right: i64 },
    /// `TotalOrderPartitioner`: keys below the first of these go to the first reducer, and so on.
    TotalOrder(Arc<SplitPoints>),
    /// A program says it, for each record ([`PartitionCommand`](crate::streaming::partition_command::PartitionCommand)).
    Program,
    /// madoop's: MD5 of what stands before the first TAB.
    Madoop,
}

impl ByHadoop {
    /// The partition of a key.
    pub fn of(&self, key: &[u8], reducers: u32) -> u32 {
        if reducers <= 1 {
            return 0;
        }
        let hash = match self {
            ByHadoop::Program => return 0,
            ByHadoop::TotalOrder(points) => return points.partition_of(key).min(reducers - 1),
            ByHadoop::Madoop => {
                let key = &key[..memchr::memchr(b'\t', key).unwrap_or(key.len())];
                return (u128::from_be_bytes(md5::compute(key).0) % u128::from(reducers)) as u32;
            }
            ByHadoop::Hash => java_hash::of_bytes(1, key),
            ByHadoop::Long => long_hash(key),
            ByHadoop::Fields(fields) if fields.is_empty() => java_hash::of_text(&java_text::decode(key)),
            ByHadoop::Fields(_) if key.is_empty() => return 0,
            ByHadoop::Fields(fields) => {
                // Hadoop makes a string of the key, in which bytes that are not UTF-8 are replaced.
                let key = &*java_text::decode(key);
                let key = key.as_bytes();
                fields.find(key).filter_map(|(_, range)| range).fold(0, |h, range| java_hash::of_bytes(h, &key[range]))
            }
            ByHadoop::Binary { left, right } => {
                let length = key.len() as i64;
                let at = |offset: i64| if offset < 0 { offset + length } else { offset }.clamp(0, length) as usize;
                let end = at(*right).saturating_add(1).min(key.len());
                java_hash::of_bytes(1, key.get(at(*left)..end).unwrap_or_default())
            }
        };
        ((hash & i32::MAX) as u32) % reducers
    }
}

/// The low half of a number, which lies here as text.
fn long_hash(key: &[u8]) -> i32 {
    std::str::from_utf8(key).ok().and_then(|text| text.parse::<i64>().ok()).map_or(0, |number| number as i32)
}

/// The partitioner of the engine's keys.
#[derive(Clone, Debug)]
pub enum EngineKeys {
    /// The key is the record's own.
    Plain(ByHadoop),
    /// The first bytes of the key are the partition.
    Routed,
}

/// Bytes of the partition at the front of a routed key.
pub const PARTITION_BYTES: usize = 4;

impl Partitioner for EngineKeys {
    fn partition(&self, key: &[u8], reducers: u32) -> u32 {
        match self {
            EngineKeys::Plain(by) => by.of(key, reducers),
            EngineKeys::Routed => {
                key.first_chunk().map_or(0, |number: &[u8; PARTITION_BYTES]| u32::from_be_bytes(*number))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_fields_hash_from_zero_and_go_on_from_part_to_part() {
        let by = |options: &str| ByHadoop::Fields(KeyFields::parse(options, b"\t".to_vec()).unwrap());
        let expected = |h: i32| ((h & i32::MAX) as u32) % 7;
        assert_eq!(by("-k1,1").of(b"hello\tworld", 7), expected(99_162_322));
        assert_eq!(by("-k1,1 -k2,2").of(b"he\tllo", 7), expected(99_162_322));
        assert_eq!(by("-k1,1").of(b"\xff", 7), by("-k1,1").of("\u{fffd}".as_bytes(), 7));
        assert_eq!(by("-k9").of(b"a", 7), 0);
        assert_eq!(by("-k1,1").of(b"", 7), 0);
        assert_eq!(by("").of(b"hello", 7), expected(99_162_322));
        assert_eq!(ByHadoop::Hash.of(b"hello", 7), expected(java_hash::of_bytes(1, b"hello")));
    }
}
