//! The header of a file.

use std::io;
use std::path::Path;

use crate::config::OutputCodec;
use crate::error::{Error, Result};
use crate::streaming::classes;
use crate::streaming::varint;
use crate::streaming::writable::Type;

/// The length that says that a mark follows.
pub const ESCAPE: [u8; 4] = [0xff; 4];
/// Bytes of a mark.
pub const MARK_BYTES: usize = 16;

/// How records lie in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Packing {
    /// As they are.
    #[default]
    Plain,
    /// Each value compressed.
    Values(OutputCodec),
    /// Many records together, compressed.
    Blocks(OutputCodec),
}

/// A header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub key: Type,
    pub value: Type,
    pub packing: Packing,
    pub mark: [u8; MARK_BYTES],
}

/// The version with which metadata came.
const VERSION: u8 = 6;

impl Header {
    /// Appends the header.
    pub fn write(&self, out: &mut Vec<u8>) {
        let text = |text: &str, out: &mut Vec<u8>| {
            varint::write(text.len() as i64, out);
            out.extend_from_slice(text.as_bytes());
        };
        out.extend_from_slice(b"SEQ");
        out.push(VERSION);
        text(self.key.class(), out);
        text(self.value.class(), out);
        out.push(u8::from(self.packing != Packing::Plain));
        out.push(u8::from(matches!(self.packing, Packing::Blocks(_))));
        if let Packing::Values(codec) | Packing::Blocks(codec) = self.packing {
            text(&classes::codec_class(codec), out);
        }
        // No metadata.
        out.extend_from_slice(&0u32.to_be_bytes());
        out.extend_from_slice(&self.mark);
    }

    /// Reads the header at the front of these bytes, and its length; `None` where its end is missing.
    ///
    /// # Errors
    /// [`Error::UnreadableInput`] for what is none, and for what is not known here.
    pub fn read(bytes: &[u8], path: &Path) -> Result<Option<(Self, usize)>> {
        let refused = |why: String| Error::UnreadableInput { path: path.to_owned(), why };
        if bytes.len() < 4 {
            return Ok(None);
        }
        let version = match bytes {
            [b'S', b'E', b'Q', version, ..] => *version,
            _ => return Err(refused("it is no SequenceFile, which begins with SEQ".into())),
        };
        if !(5..=VERSION).contains(&version) {
            return Err(refused(format!("it is a SequenceFile of version {version}; versions 5 and 6 are read")));
        }
        let mut rest = Rest { bytes, at: 4 };
        let Some(parts) = rest.parts(version) else { return Ok(None) };
        let kind = |class: &str| {
            let known = || format!("its records are of the class {class}; known are {}", Type::known());
            Type::of_class(class).ok_or_else(|| refused(known()))
        };
        let packing = match &parts.codec {
            None => Packing::Plain,
            Some(class) => {
                let codec = classes::codec(class).map_err(|error| refused(error.to_string()))?;
                if parts.in_blocks { Packing::Blocks(codec) } else { Packing::Values(codec) }
            }
        };
        let header = Header { key: kind(&parts.key)?, value: kind(&parts.value)?, packing, mark: parts.mark };
        Ok(Some((header, rest.at)))
    }

    /// An error about the bytes at an offset.
    pub fn damaged(path: &Path, offset: u64, what: &str) -> Error {
        let why = format!("the SequenceFile is damaged at offset {offset}: {what}");
        Error::io("read input", path, io::Error::new(io::ErrorKind::InvalidData, why))
    }
}

struct Parts {
    key: String,
    value: String,
    codec: Option<String>,
    in_blocks: bool,
    mark: [u8; MARK_BYTES],
}

/// Bytes of a header, from a place on.
struct Rest<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl Rest<'_> {
    fn parts(&mut self, version: u8) -> Option<Parts> {
        let (key, value) = (self.text()?, self.text()?);
        let (compressed, in_blocks) = (self.byte()? != 0, self.byte()? != 0);
        let codec = if compressed { Some(self.text()?) } else { None };
        if version >= VERSION {
            let pairs = u32::from_be_bytes(self.take(4)?.try_into().expect("four bytes"));
            for _ in 0..2 * u64::from(pairs) {
                self.text()?;
            }
        }
        let mark = self.take(MARK_BYTES)?.try_into().expect("as many bytes");
        Some(Parts { key, value, codec, in_blocks, mark })
    }

    fn take(&mut self, bytes: usize) -> Option<&[u8]> {
        let taken = self.bytes.get(self.at..self.at.checked_add(bytes)?)?;
        self.at += bytes;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|byte| byte[0])
    }

    fn text(&mut self) -> Option<String> {
        let (length, used) = varint::read(&self.bytes[self.at..])?;
        self.at += used;
        let text = self.take(usize::try_from(length).unwrap_or(0))?;
        Some(String::from_utf8_lossy(text).into_owned())
    }
}
