//! Numbers of variable length, as Hadoop's `WritableUtils` writes them.
//!
//! ```text
//! -112 to 127     the number itself, in one byte
//! -113 to -120    behind it the number, in 1 to 8 bytes, big-endian
//! -121 to -128    behind it the complement of a negative number, likewise
//! ```

/// Appends a number.
pub fn write(number: i64, out: &mut Vec<u8>) {
    if let Ok(small @ -112..=127) = i8::try_from(number) {
        return out.push(small.cast_unsigned());
    }
    let (base, bits) = if number < 0 { (-120i8, !number) } else { (-112i8, number) };
    let bytes = bits.to_be_bytes();
    let skipped = bytes.iter().take_while(|byte| **byte == 0).count().min(7);
    let used = (bytes.len() - skipped) as i8;
    out.push((base - used).cast_unsigned());
    out.extend_from_slice(&bytes[skipped..]);
}

/// The number at the front, and how many bytes it has; `None` where its end is missing.
pub fn read(bytes: &[u8]) -> Option<(i64, usize)> {
    let first = bytes.first()?.cast_signed();
    let (negative, used) = match first {
        -112.. => return Some((i64::from(first), 1)),
        -120.. => (false, (-112 - i32::from(first)) as usize),
        _ => (true, (-120 - i32::from(first)) as usize),
    };
    let bits = bytes.get(1..1 + used)?.iter().fold(0i64, |bits, byte| bits << 8 | i64::from(*byte));
    Some((if negative { !bits } else { bits }, 1 + used))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_hadoops_bytes_and_are_read_back() {
        for (number, bytes) in [
            (0, &[0u8][..]),
            (127, &[127]),
            (-112, &[0x90]),
            (128, &[0x8f, 0x80]),
            (-113, &[0x87, 112]),
            (65_536, &[0x8d, 1, 0, 0]),
            (i64::MAX, &[0x88, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
            (i64::MIN, &[0x80, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        ] {
            let mut out = Vec::new();
            write(number, &mut out);
            assert_eq!(out, bytes, "{number}");
            assert_eq!(read(&out), Some((number, bytes.len())));
            assert_eq!(read(&out[..out.len() - 1]), None, "{number} without its end");
        }
    }
}
