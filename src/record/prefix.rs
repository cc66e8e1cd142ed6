//! The first bytes of a key as a number, so that most keys are compared by comparing two integers.

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
