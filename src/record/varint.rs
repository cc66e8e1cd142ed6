//! LEB128 variable-length integers: seven bits a byte, least significant first, the high bit says that more follow.

/// Longest encoding of a `u64`.
pub(crate) const MAX_BYTES: usize = 10;

/// Bytes that [`push`] writes for `n`.
pub(crate) fn len(n: u64) -> usize {
    ((64 - (n | 1).leading_zeros()) as usize).div_ceil(7)
}

/// Appends `n`.
#[inline(always)]
pub(crate) fn push(n: u64, out: &mut Vec<u8>) {
    if n < 0x80 {
        out.push(n as u8);
    } else {
        push_long(n, out);
    }
}

#[inline(never)]
fn push_long(mut n: u64, out: &mut Vec<u8>) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

/// Reads the integer at `*at` and moves past it; `None` where the bytes end early or the value exceeds 64 bits.
#[inline(always)]
pub(crate) fn read(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let first = *bytes.get(*at)?;
    *at += 1;
    if first < 0x80 { Some(u64::from(first)) } else { read_long(first, bytes, at) }
}

#[inline(never)]
fn read_long(first: u8, bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut n = u64::from(first & 0x7f);
    for shift in (7..64).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        let bits = u64::from(byte & 0x7f);
        if shift == 63 && bits > 1 {
            return None;
        }
        n |= bits << shift;
        if byte < 0x80 {
            return Some(n);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn integers_survive(n in any::<u64>(), shift in 0u32..64) {
            let n = n >> shift;
            let mut bytes = Vec::new();
            push(n, &mut bytes);
            prop_assert_eq!(bytes.len(), len(n));
            prop_assert!(bytes.len() <= MAX_BYTES);
            let mut at = 0;
            prop_assert_eq!(read(&bytes, &mut at), Some(n));
            prop_assert_eq!(at, bytes.len());
            prop_assert_eq!(read(&bytes[..bytes.len() - 1], &mut 0), None);
        }
    }

    #[test]
    fn more_than_64_bits_are_refused() {
        let mut bytes = [0xff; 10];
        bytes[9] = 0x02;
        assert_eq!(read(&bytes, &mut 0), None);
    }
}
