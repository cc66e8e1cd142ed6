//! Raw bytes as Hadoop Streaming frames them: a length, big-endian, in four bytes, and so many bytes.
//!
//! A record is two of them, its key and its value.

use std::io::{self, ErrorKind, Read, Write};

/// Most bytes that Hadoop takes: lengths there are signed.
const MOST_BYTES: usize = i32::MAX as usize;

/// Writes the bytes of `parts` as one.
///
/// # Errors
/// Those of writing; [`ErrorKind::InvalidInput`] where there are too many bytes.
pub(crate) fn write(out: &mut (impl Write + ?Sized), parts: &[&[u8]]) -> io::Result<()> {
    let len: usize = parts.iter().map(|part| part.len()).sum();
    if len > MOST_BYTES {
        return Err(io::Error::new(ErrorKind::InvalidInput, format!("{len} bytes are more than {MOST_BYTES}")));
    }
    out.write_all(&(len as u32).to_be_bytes())?;
    parts.iter().try_for_each(|part| out.write_all(part))
}

/// Reads the next bytes into `into`; `false` at the end.
///
/// # Errors
/// Those of reading; [`ErrorKind::UnexpectedEof`] where the input ends within the bytes.
pub(crate) fn read(input: &mut (impl Read + ?Sized), into: &mut Vec<u8>) -> io::Result<bool> {
    let mut len = [0; 4];
    if !read_whole(input, &mut len)? {
        return Ok(false);
    }
    let len = u32::from_be_bytes(len) as usize;
    if len > MOST_BYTES {
        return Err(io::Error::new(ErrorKind::InvalidData, format!("a length of {len}: these are no raw bytes")));
    }
    into.clear();
    if len <= into.capacity() {
        into.resize(len, 0);
        input.read_exact(into)?;
    } else if input.take(len as u64).read_to_end(into)? < len {
        // As much memory as there are bytes, whatever the length says.
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Ok(true)
}

/// Fills `target`; `false` where the input ends before its first byte.
///
/// # Errors
/// Those of reading; [`ErrorKind::UnexpectedEof`] where the input ends within `target`.
pub(crate) fn read_whole(input: &mut (impl Read + ?Sized), target: &mut [u8]) -> io::Result<bool> {
    let mut filled = 0;
    while filled < target.len() {
        match input.read(&mut target[filled..]) {
            Ok(0) if filled == 0 => return Ok(false),
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(read) => filled += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_back_and_a_cut_is_an_error() {
        let mut written = Vec::new();
        write(&mut written, &[b"key"]).unwrap();
        write(&mut written, &[b"", b"va", b"lue"]).unwrap();
        assert_eq!(written, b"\0\0\0\x03key\0\0\0\x05value");
        let (mut input, mut bytes) = (&written[..], Vec::new());
        for expected in [&b"key"[..], b"value"] {
            assert!(read(&mut input, &mut bytes).unwrap());
            assert_eq!(bytes, expected);
        }
        assert!(!read(&mut input, &mut bytes).unwrap());
        for cut in [1, 3, 4, 6] {
            assert!(read(&mut &written[..cut], &mut Vec::new()).is_err(), "cut at {cut}");
        }
        assert!(read(&mut &b"text, no length"[..], &mut Vec::new()).is_err());
    }
}
