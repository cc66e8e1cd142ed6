//! Tokens, by which a cluster finds the reducer of a record.
//!
//! Hadoop's `BinaryPartitioner` takes a hash of some bytes of a key, modulo the number of reducers. A token is four bytes before
//! the key whose hash is the partition:
//!
//! ```text
//! hash(b0 b1 b2 b3) = 31^4 + b0 31^3 + b1 31^2 + b2 31 + b3          (Java's, from 1)
//! ```
//!
//! The bytes are the digits in base 31 of a number v, with (31^4 + v) modulo the number of reducers = the partition. Digits are
//! no negative bytes, and a job has at most 65,536 reducers, fewer than 31^4.

/// Bytes of a token.
pub(crate) const TOKEN_BYTES: usize = 4;

const BASE: u32 = 31;

/// The token of a partition.
pub(crate) fn of(partition: u32, reducers: u32) -> [u8; TOKEN_BYTES] {
    let reducers = reducers.max(1);
    let v = (partition + reducers - BASE.pow(4) % reducers) % reducers;
    [v / BASE.pow(3), v / BASE.pow(2) % BASE, v / BASE % BASE, v % BASE].map(|digit| digit as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hadoop's `WritableComparator.hashBytes`.
    fn hash(bytes: &[u8]) -> i32 {
        bytes.iter().fold(1i32, |hash, byte| hash.wrapping_mul(31).wrapping_add(i32::from(*byte as i8)))
    }

    #[test]
    fn hadoop_sends_a_token_to_its_partition() {
        for reducers in [1, 2, 3, 7, 64, 1000, crate::config::MAX_REDUCERS] {
            for partition in (0..reducers).step_by(1 + reducers as usize / 500) {
                let hash = hash(&of(partition, reducers)) & i32::MAX;
                assert_eq!(hash as u32 % reducers, partition, "{reducers} reducers");
            }
        }
    }
}
