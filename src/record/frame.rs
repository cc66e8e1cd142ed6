//! The bytes of one record inside a block of a run.
//!
//! ```text
//! first record of a key    [key length + 1][value length][key …][value …]
//! more of the same key     [0]             [value length][value …]
//! ```
//!
//! Lengths are varints. Equal keys stand together in a sorted run, so a key is written once a block, and a merge compares
//! keys only where they change.

use crate::record::varint;

/// Positions of one record's parts inside its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    /// Offset of the key; `None` where the record has the key of the one before.
    pub key: Option<(usize, usize)>,
    /// Offset of the value.
    pub value_start: usize,
    /// One past the value: the next record's beginning.
    pub end: usize,
}

/// Length of a record with its key.
pub(crate) fn len(key: usize, value: usize) -> usize {
    varint::len(key as u64 + 1) + varint::len(value as u64) + key + value
}

/// Appends a record with its key.
#[inline(always)]
pub(crate) fn push(key: &[u8], value: &[u8], out: &mut Vec<u8>) {
    varint::push(key.len() as u64 + 1, out);
    varint::push(value.len() as u64, out);
    out.extend_from_slice(key);
    out.extend_from_slice(value);
}

/// Appends a record that has the key of the one before.
#[inline(always)]
pub(crate) fn push_same_key(value: &[u8], out: &mut Vec<u8>) {
    out.push(0);
    varint::push(value.len() as u64, out);
    out.extend_from_slice(value);
}

/// Reads the record that begins at `at`; `None` where the block does not hold a whole one.
#[inline(always)]
pub(crate) fn read(block: &[u8], mut at: usize) -> Option<Frame> {
    let key_header = varint::read(block, &mut at)?;
    let value_len = usize::try_from(varint::read(block, &mut at)?).ok()?;
    let (key, value_start) = match key_header.checked_sub(1) {
        None => (None, at),
        Some(key_len) => {
            let key_end = at.checked_add(usize::try_from(key_len).ok()?)?;
            (Some((at, key_end)), key_end)
        }
    };
    let end = value_start.checked_add(value_len)?;
    (end <= block.len()).then_some(Frame { key, value_start, end })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn records_survive(records in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..200), prop::collection::vec(any::<u8>(), 0..200), any::<bool>()), 1..20)) {
            let (mut block, mut expected, mut previous) = (Vec::new(), Vec::new(), None);
            for (key, value, repeat) in records {
                match previous.clone().filter(|_| repeat) {
                    Some(key) => {
                        push_same_key(&value, &mut block);
                        expected.push((key, value));
                    }
                    None => {
                        let before = block.len();
                        push(&key, &value, &mut block);
                        prop_assert_eq!(block.len() - before, len(key.len(), value.len()));
                        previous = Some(key.clone());
                        expected.push((key, value));
                    }
                }
            }
            let (mut at, mut key) = (0, (0, 0));
            for (expected_key, expected_value) in expected {
                let frame = read(&block, at).unwrap();
                key = frame.key.unwrap_or(key);
                prop_assert_eq!(&block[key.0..key.1], &expected_key[..]);
                prop_assert_eq!(&block[frame.value_start..frame.end], &expected_value[..]);
                at = frame.end;
            }
            prop_assert_eq!(at, block.len());
        }

        #[test]
        fn arbitrary_bytes_never_read_past_the_block(block in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Some(frame) = read(&block, 0) {
                prop_assert!(frame.value_start <= frame.end && frame.end <= block.len());
            }
        }
    }
}
