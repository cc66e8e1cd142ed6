//! Hadoop's SequenceFile of raw bytes, uncompressed: the form in which Streaming keeps binary records in files.
//!
//! ```text
//! SEQ 6 │ class of keys │ class of values │ 0 0: not compressed │ 0: no metadata │ sync marker, 16 bytes
//! record   bytes of key and value │ bytes of key │ length, key │ length, value
//! now and then   -1 │ sync marker
//! ```
//!
//! Numbers are big-endian, of four bytes. Both classes are `BytesWritable`, whose bytes have their length before them.

use std::io::{self, ErrorKind, Read, Write};

use crate::record::raw_bytes::{self, read_whole};

/// The first bytes of a file.
pub(crate) const MAGIC: [u8; 4] = *b"SEQ\x06";
const CLASS: &[u8] = b"org.apache.hadoop.io.BytesWritable";
const SYNC_BYTES: usize = 16;
/// The length before a sync marker.
const SYNC_ESCAPE: u32 = u32::MAX;
/// A marker need not be secret, only unlikely.
const SYNC: [u8; SYNC_BYTES] = *b"\xd7twinmill sync\xe9\x01";

/// Writes the beginning of a file.
///
/// # Errors
/// Those of writing.
pub(crate) fn begin(out: &mut (impl Write + ?Sized)) -> io::Result<()> {
    out.write_all(&MAGIC)?;
    for _ in 0..2 {
        out.write_all(&[CLASS.len() as u8])?;
        out.write_all(CLASS)?;
    }
    out.write_all(&[0, 0])?;
    out.write_all(&0u32.to_be_bytes())?;
    out.write_all(&SYNC)
}

/// Writes a record.
///
/// # Errors
/// Those of writing; [`ErrorKind::InvalidInput`] where there are too many bytes.
pub(crate) fn write(out: &mut (impl Write + ?Sized), key: &[u8], value: &[u8]) -> io::Result<()> {
    let (key_bytes, value_bytes) = (4 + key.len() as u64, 4 + value.len() as u64);
    let Ok(both) = i32::try_from(key_bytes + value_bytes) else {
        return Err(io::Error::new(ErrorKind::InvalidInput, "a record has more than 2 GiB"));
    };
    out.write_all(&both.to_be_bytes())?;
    out.write_all(&(key_bytes as u32).to_be_bytes())?;
    raw_bytes::write(out, &[key])?;
    raw_bytes::write(out, &[value])
}

/// A file that is being read.
#[derive(Debug)]
pub(crate) struct SequenceFile {
    sync: [u8; SYNC_BYTES],
}

impl SequenceFile {
    /// Reads the beginning of a file behind its magic.
    ///
    /// # Errors
    /// Those of reading; [`ErrorKind::InvalidData`] for files of other classes, and for compressed ones.
    pub fn begin(input: &mut impl Read) -> io::Result<Self> {
        let wrong = |what: String| Err(io::Error::new(ErrorKind::InvalidData, what));
        for _ in 0..2 {
            let mut len = [0];
            input.read_exact(&mut len)?;
            let mut class = vec![0; usize::from(len[0] & 0x7f)];
            input.read_exact(&mut class)?;
            if class != CLASS {
                return wrong(format!("a SequenceFile of {}, not of BytesWritable", class.escape_ascii()));
            }
        }
        let mut flags = [0; 2];
        input.read_exact(&mut flags)?;
        if flags != [0, 0] {
            return wrong(
                "a SequenceFile that is compressed; set mapreduce.output.fileoutputformat.compress=false".into(),
            );
        }
        let mut entries = [0; 4];
        input.read_exact(&mut entries)?;
        if entries != [0; 4] {
            return wrong("a SequenceFile with metadata".into());
        }
        let mut sync = [0; SYNC_BYTES];
        input.read_exact(&mut sync)?;
        Ok(SequenceFile { sync })
    }

    /// Reads the next record; `false` at the end.
    ///
    /// # Errors
    /// Those of reading; [`ErrorKind::InvalidData`] where there is no record.
    pub fn next(&self, input: &mut impl Read, key: &mut Vec<u8>, value: &mut Vec<u8>) -> io::Result<bool> {
        let damaged = || io::Error::new(ErrorKind::InvalidData, "a damaged SequenceFile");
        loop {
            let mut both = [0; 4];
            if !read_whole(input, &mut both)? {
                return Ok(false);
            }
            if u32::from_be_bytes(both) == SYNC_ESCAPE {
                let mut sync = [0; SYNC_BYTES];
                input.read_exact(&mut sync)?;
                if sync != self.sync {
                    return Err(damaged());
                }
                continue;
            }
            let mut key_bytes = [0; 4];
            input.read_exact(&mut key_bytes)?;
            if !raw_bytes::read(input, key)? || !raw_bytes::read(input, value)? {
                return Err(damaged());
            }
            let told = (u32::from_be_bytes(both) as usize, u32::from_be_bytes(key_bytes) as usize);
            if told != (8 + key.len() + value.len(), 4 + key.len()) {
                return Err(damaged());
            }
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> io::Result<Vec<(Vec<u8>, Vec<u8>)>> {
        let (mut input, mut records) = (&bytes[MAGIC.len()..], Vec::new());
        let file = SequenceFile::begin(&mut input)?;
        let (mut key, mut value) = (Vec::new(), Vec::new());
        while file.next(&mut input, &mut key, &mut value)? {
            records.push((key.clone(), value.clone()));
        }
        Ok(records)
    }

    #[test]
    fn records_are_read_back_with_markers_between_them() {
        let mut bytes = Vec::new();
        begin(&mut bytes).unwrap();
        let records = [(b"H".to_vec(), b"{}".to_vec()), (Vec::new(), vec![0xff; 300]), (b"D".to_vec(), Vec::new())];
        for (key, value) in &records {
            write(&mut bytes, key, value).unwrap();
            bytes.extend_from_slice(&SYNC_ESCAPE.to_be_bytes());
            bytes.extend_from_slice(&SYNC);
        }
        assert_eq!(read(&bytes).unwrap(), records);
        assert!(read(&bytes[..bytes.len() - 25]).is_err());
        let text = String::from_utf8_lossy(&bytes).replace("BytesWritable", "LongsWritable");
        assert!(read(text.as_bytes()).unwrap_err().to_string().contains("LongsWritable"));
    }
}
