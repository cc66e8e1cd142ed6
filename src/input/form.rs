//! The form of a file, plain or compressed, recognised by its first bytes.
//!
//! Most formats begin with a magic number. The name of a file is only a hint, which counts in three cases: a file that
//! is too short to be recognised has the form that its name says; the forms that only Hadoop writes (`.deflate`, `.snappy`,
//! and an `.lz4` of its own) have no magic number, so that both the name and the first bytes must be like them; and a file
//! that has neither the form of its name nor looks like text is an error.

use std::io;
use std::path::Path;

use crate::error::{Error, Result};
use crate::input::opened::{Opened, unreadable};
use crate::observe::activity::count_bytes;
use crate::observe::purpose::FileUse;

/// Bytes that are looked at. The longest magic number has 13.
pub(crate) const LOOK_BYTES: usize = 64;

/// A compression format of input files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Codec {
    Gzip,
    Bzip2,
    Zstd,
    Lz4,
    /// zlib's format, which Hadoop calls DEFLATE.
    Deflate,
    /// Hadoop's blocks of LZ4.
    Lz4Blocks,
    /// Hadoop's blocks of Snappy.
    SnappyBlocks,
}

/// The form in which a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Plain,
    /// Plain text under the name of a compression format.
    PlainDespiteItsName(Codec),
    Compressed(Codec),
}

/// A format that is not read.
struct Foreign {
    name: &'static str,
    tells: fn(&[u8]) -> bool,
    /// The command that writes the content to standard output, without the file.
    command: Option<&'static str>,
}

const FOREIGN: &[Foreign] = &[
    Foreign { name: "xz", tells: |b| b.starts_with(b"\xfd7zXZ\0"), command: Some("xz -dc") },
    Foreign { name: "LZMA", tells: is_lzma, command: Some("xz --format=lzma -dc") },
    Foreign { name: "compress (.Z)", tells: is_compress, command: Some("gzip -dc") },
    Foreign { name: "7-Zip", tells: |b| b.starts_with(b"7z\xbc\xaf\x27\x1c"), command: Some("7z x -so") },
    Foreign { name: "ZIP", tells: is_zip, command: Some("unzip -p") },
    Foreign { name: "lzip", tells: |b| b.starts_with(b"LZIP\x01"), command: Some("lzip -dc") },
    Foreign { name: "lzop", tells: |b| b.starts_with(b"\x89LZO\0\r\n\x1a\n"), command: Some("lzop -dc") },
    Foreign { name: "RAR", tells: |b| b.starts_with(b"Rar!\x1a\x07"), command: Some("unrar p -inul") },
    Foreign { name: "framed Snappy", tells: |b| b.starts_with(b"\xff\x06\0\0sNaPpY"), command: Some("snzip -dc") },
    Foreign { name: "Zstandard before 0.8", tells: is_old_zstd, command: Some("zstd -dc") },
    Foreign { name: "Parquet", tells: |b| b.starts_with(b"PAR1") && !looks_like_text(b), command: None },
    Foreign { name: "ORC", tells: |b| b.starts_with(b"ORC") && !looks_like_text(b), command: None },
    Foreign { name: "Avro", tells: |b| b.starts_with(b"Obj\x01"), command: None },
    Foreign { name: "SequenceFile", tells: is_sequence_file, command: None },
];

fn is_lzma(bytes: &[u8]) -> bool {
    // Properties, dictionary size, and the size of the content, which is either unknown or below 16 TiB.
    bytes.starts_with(&[0x5d, 0, 0])
        && bytes.get(5..13).is_some_and(|size| size == [0xff; 8] || (size[6..] == [0, 0] && bytes[3] & 0x7f == 0))
}

fn is_compress(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x9d]) && bytes.get(2).is_some_and(|f| f & 0x60 == 0 && (9..=16).contains(&(f & 0x1f)))
}

fn is_zip(bytes: &[u8]) -> bool {
    [b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"].iter().any(|magic| bytes.starts_with(*magic))
}

fn is_old_zstd(bytes: &[u8]) -> bool {
    bytes.get(1..4) == Some(&[0xb5, 0x2f, 0xfd]) && (0x22..=0x27).contains(&bytes[0])
}

fn is_sequence_file(bytes: &[u8]) -> bool {
    bytes.starts_with(b"SEQ") && bytes.get(3).is_some_and(|version| (1..=9).contains(version))
}

/// Whether there are no control characters that text does not have.
fn looks_like_text(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte >= b' ' || matches!(byte, 0x08..=0x0d | 0x1b))
}

/// Whether a skippable frame begins here: bytes for private use, which Zstandard and LZ4 both pass over.
pub(crate) fn is_skippable(bytes: &[u8]) -> bool {
    bytes.get(1..4) == Some(&[0x2a, 0x4d, 0x18]) && bytes[0] & 0xf0 == 0x50
}

impl Codec {
    /// The formats that a file's extension says, the likeliest first; empty for other names.
    fn named(path: &Path) -> &'static [Self] {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        match extension.to_ascii_lowercase().as_str() {
            "gz" | "gzip" | "tgz" => &[Codec::Gzip],
            "bz2" | "bz" => &[Codec::Bzip2],
            "zst" | "zstd" => &[Codec::Zstd],
            "lz4" => &[Codec::Lz4, Codec::Lz4Blocks],
            "deflate" => &[Codec::Deflate],
            "snappy" => &[Codec::SnappyBlocks],
            _ => &[],
        }
    }

    fn name(self) -> &'static str {
        match self {
            Codec::Gzip => "gzip",
            Codec::Bzip2 => "bzip2",
            Codec::Zstd => "Zstandard",
            Codec::Lz4 | Codec::Lz4Blocks => "LZ4",
            Codec::Deflate => "DEFLATE",
            Codec::SnappyBlocks => "Snappy",
        }
    }

    /// The command that writes the content to standard output, without the file; none for what only Hadoop writes.
    pub fn command(self) -> Option<&'static str> {
        match self {
            Codec::Gzip => Some("gzip -dc"),
            Codec::Bzip2 => Some("bzip2 -dc"),
            Codec::Zstd => Some("zstd -dc"),
            Codec::Lz4 => Some("lz4 -dc"),
            Codec::Deflate | Codec::Lz4Blocks | Codec::SnappyBlocks => None,
        }
    }

    /// Magic numbers with which files of the format begin; empty where it has none.
    fn magics(self) -> &'static [&'static [u8]] {
        match self {
            Codec::Gzip => &[&[0x1f, 0x8b]],
            Codec::Bzip2 => &[b"BZh"],
            Codec::Zstd => &[&[0x28, 0xb5, 0x2f, 0xfd]],
            Codec::Lz4 => &[&CURRENT_LZ4, &LEGACY_LZ4],
            Codec::Deflate | Codec::Lz4Blocks | Codec::SnappyBlocks => &[],
        }
    }

    /// The format that the first bytes say beyond doubt.
    fn of(bytes: &[u8]) -> Option<Self> {
        let begins = |codec: &Codec| codec.magics().iter().any(|magic| bytes.starts_with(magic));
        let codec = [Codec::Gzip, Codec::Bzip2, Codec::Zstd, Codec::Lz4].into_iter().find(begins)?;
        let sure = match codec {
            // The only method there is, and no flags that do not exist.
            Codec::Gzip => bytes.get(2) == Some(&8) && bytes.get(3).is_none_or(|flags| flags & 0xe0 == 0),
            // The size of blocks, then the first block or the end.
            Codec::Bzip2 => {
                matches!(bytes.get(3), Some(b'1'..=b'9'))
                    && matches!(bytes.get(4..10), Some(b"\x31\x41\x59\x26\x53\x59" | b"\x17\x72\x45\x38\x50\x90"))
            }
            Codec::Zstd | Codec::Lz4 => true,
            Codec::Deflate | Codec::Lz4Blocks | Codec::SnappyBlocks => false,
        };
        sure.then_some(codec)
    }

    /// Whether a file that is named after the format may be of it, by its first bytes.
    fn may_begin(self, bytes: &[u8]) -> bool {
        match self {
            Codec::Deflate => may_begin_zlib(bytes),
            Codec::Lz4Blocks | Codec::SnappyBlocks => may_begin_blocks(bytes),
            Codec::Gzip | Codec::Bzip2 | Codec::Zstd | Codec::Lz4 => {
                self.magics().iter().any(|magic| bytes.starts_with(magic) || magic.starts_with(bytes))
            }
        }
    }
}

/// Whether the header of a zlib stream (RFC 1950) is there: the method, and a checksum. As text it would be `x` and a sign.
pub(crate) fn may_begin_zlib(bytes: &[u8]) -> bool {
    match bytes {
        [method, flags, ..] => method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]).is_multiple_of(31),
        _ => false,
    }
}

/// Whether a file of Hadoop's blocks may begin so: with two lengths, or with the empty block that is an empty file. Text never
/// does, since the lengths have NULs.
fn may_begin_blocks(bytes: &[u8]) -> bool {
    /// What one call writes is less; Hadoop's buffers have 256 KiB.
    const LONGEST_BLOCK: u32 = 1 << 24;
    let length = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().expect("four bytes")));
    match (length(0), length(4)) {
        (Some(0), None) => bytes.len() == 4,
        (Some(1..LONGEST_BLOCK), Some(1..LONGEST_BLOCK)) => true,
        _ => false,
    }
}

pub(crate) const CURRENT_LZ4: [u8; 4] = 0x184d_2204_u32.to_le_bytes();
pub(crate) const LEGACY_LZ4: [u8; 4] = 0x184c_2102_u32.to_le_bytes();

impl Form {
    /// Recognises a file whose format the job reads itself, if it is one that is read nowhere else.
    ///
    /// # Errors
    /// As for [`of`](Self::of).
    pub fn of_any(file: &Opened, file_use: FileUse, name: &Path) -> Result<Self> {
        let beginning = beginning(file, file_use, 0).map_err(|error| unreadable(name, error))?;
        if is_sequence_file(&beginning) { Ok(Form::Plain) } else { Form::of(file, file_use, name) }
    }

    /// Recognises a file by its first bytes; errors call it `name`.
    ///
    /// # Errors
    /// [`Error::UnreadableInput`] for formats that are not read, [`Error::Io`] where the file cannot be read.
    pub fn of(file: &Opened, file_use: FileUse, name: &Path) -> Result<Self> {
        let beginning = beginning(file, file_use, 0).map_err(|error| unreadable(name, error))?;
        if is_skippable(&beginning) {
            let behind = behind_skippable(file, file_use).map_err(|error| unreadable(name, error))?;
            let codec = behind.or(Codec::named(name).first().copied());
            return Ok(codec.map_or(Form::Plain, Form::Compressed));
        }
        if let Some(codec) = Codec::of(&beginning) {
            return Ok(Form::Compressed(codec));
        }
        if let Some(foreign) = FOREIGN.iter().find(|foreign| (foreign.tells)(&beginning)) {
            return Err(Error::UnreadableInput { path: name.to_owned(), why: foreign.refusal(name) });
        }
        match Codec::named(name) {
            [] => Ok(Form::Plain),
            _ if beginning.is_empty() => Ok(Form::Plain),
            codecs => of_name(codecs, &beginning, name),
        }
    }
}

/// The form of a file whose first bytes do not say beyond doubt what it is, but whose name does: one of these formats.
fn of_name(codecs: &[Codec], beginning: &[u8], name: &Path) -> Result<Form> {
    if let Some(codec) = codecs.iter().find(|codec| codec.may_begin(beginning)) {
        // The decoder will say what is wrong with it.
        return Ok(Form::Compressed(*codec));
    }
    if looks_like_text(beginning) {
        return Ok(Form::PlainDespiteItsName(codecs[0]));
    }
    let why = format!("it is named as {} files are, but is neither that nor text", codecs[0].name());
    Err(Error::UnreadableInput { path: name.to_owned(), why })
}

impl Codec {
    /// The note about text with the name of a compressed file.
    pub fn only_named(self, name: &Path) -> String {
        format!(
            "{} is not compressed with {}, whatever its name says; it was read as text",
            name.display(),
            self.name()
        )
    }
}

impl Foreign {
    fn refusal(&self, name: &Path) -> String {
        let (format, name) = (self.name, name.display());
        match self.command {
            Some(command) => format!(
                "it is compressed as {format}, which is not read; decompress it: {command} {name} | twinmill … --input -"
            ),
            None => format!("it is a {format} file, which is not read; write its records out as lines of text first"),
        }
    }
}

/// The first bytes from an offset on: fewer than [`LOOK_BYTES`] only where the file ends.
fn beginning(file: &Opened, file_use: FileUse, offset: u64) -> io::Result<Vec<u8>> {
    let (mut bytes, mut filled) = (vec![0; LOOK_BYTES], 0);
    while filled < LOOK_BYTES {
        match file.read_at(&mut bytes[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    count_bytes(file_use, filled as u64);
    Ok(bytes)
}

/// The format of the first frame that is not skippable. A file of nothing else is empty in either format.
fn behind_skippable(file: &Opened, file_use: FileUse) -> io::Result<Option<Codec>> {
    let mut offset = 0;
    loop {
        let frame = beginning(file, file_use, offset)?;
        if frame.is_empty() {
            return Ok(Some(Codec::Zstd));
        }
        match frame.get(4..8) {
            Some(size) if is_skippable(&frame) => {
                offset += 8 + u64::from(u32::from_le_bytes(size.try_into().expect("four bytes")));
            }
            _ => return Ok(Codec::of(&frame).filter(|codec| matches!(codec, Codec::Zstd | Codec::Lz4))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;
    use crate::observe::purpose::Purpose;

    fn form(name: &str, bytes: &[u8]) -> Result<Form> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, bytes).unwrap();
        Form::of(&Opened::Local(File::open(path).unwrap()), FileUse::reads(Purpose::Input), Path::new(name))
    }

    #[test]
    fn the_first_bytes_say_what_a_file_is_whatever_its_name() {
        let skippable = b"\x53\x2a\x4d\x18\x03\0\0\0abc";
        for (bytes, codec) in [
            (&b"\x1f\x8b\x08\0rest"[..], Codec::Gzip),
            (b"BZh9\x31\x41\x59\x26\x53\x59", Codec::Bzip2),
            (b"BZh1\x17\x72\x45\x38\x50\x90", Codec::Bzip2),
            (b"\x28\xb5\x2f\xfd", Codec::Zstd),
            (b"\x04\x22\x4d\x18", Codec::Lz4),
            (b"\x02\x21\x4c\x18", Codec::Lz4),
            (&[&skippable[..], skippable, b"\x28\xb5\x2f\xfd"].concat(), Codec::Zstd),
            (&[&skippable[..], b"\x04\x22\x4d\x18"].concat(), Codec::Lz4),
            (skippable, Codec::Zstd),
        ] {
            for name in ["text", "a.txt", "a.gz", "a.lz4", "a.XZ"] {
                assert_eq!(form(name, bytes).unwrap(), Form::Compressed(codec), "{name}: {bytes:x?}");
            }
        }
    }

    #[test]
    fn text_that_begins_like_a_magic_number_is_text() {
        for bytes in [&b"BZhar"[..], b"BZh9 is a magic number", b"PAR1 of the book", b"ORC\nELF\n", b"PK", b"7z", b""] {
            assert_eq!(form("text", bytes).unwrap(), Form::Plain, "{bytes:?}");
        }
    }

    #[test]
    fn a_format_that_is_not_read_is_refused_with_what_to_do() {
        for (bytes, said) in [
            (&b"\xfd7zXZ\0\0"[..], "xz -dc name | twinmill"),
            (b"\x1f\x9d\x90rest", "compress (.Z)"),
            (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
            (b"PK\x03\x04rest", "unzip -p name"),
            (b"LZIP\x01", "lzip"),
            (b"]\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff\0", "LZMA"),
            (b"PAR1\x15\x04", "Parquet"),
            (b"Obj\x01\x04", "Avro"),
            (b"SEQ\x06", "SequenceFile"),
        ] {
            let error = form("name", bytes).unwrap_err().to_string();
            assert!(error.contains("name") && error.contains(said), "{error}");
        }
    }

    #[test]
    fn a_name_counts_only_where_the_bytes_do_not_say() {
        assert_eq!(form("a.gz", b"text").unwrap(), Form::PlainDespiteItsName(Codec::Gzip));
        assert_eq!(form("a.gz", b"").unwrap(), Form::Plain);
        assert_eq!(form("a.gz", b"\x1f").unwrap(), Form::Compressed(Codec::Gzip));
        assert_eq!(form("a.BZ2", b"BZh9").unwrap(), Form::Compressed(Codec::Bzip2));
        assert!(form("a.zst", b"\0\x01\x02").unwrap_err().to_string().contains("neither that nor text"));
    }

    #[test]
    fn the_forms_that_only_hadoop_writes_need_their_names_as_well() {
        let block = b"\0\0\x10\0\0\0\x04\xa0rest";
        for (name, bytes, codec) in [
            ("a.lz4", &block[..], Codec::Lz4Blocks),
            ("a.snappy", block, Codec::SnappyBlocks),
            ("a.snappy", &[0; 4], Codec::SnappyBlocks),
            ("a.deflate", b"\x78\x9c\x03\0\0\0\0\x01", Codec::Deflate),
        ] {
            assert_eq!(form(name, bytes).unwrap(), Form::Compressed(codec), "{name}");
            assert_eq!(form("text", bytes).unwrap(), Form::Plain, "{name}");
            assert_eq!(
                form(name, b"some words\n").unwrap(),
                Form::PlainDespiteItsName(Codec::named(Path::new(name))[0])
            );
            assert!(form(name, b"\xff\xff\0\xff words").is_err(), "{name}");
        }
        assert!(!may_begin_blocks(b"\n\n\n\n\n\n\n\n") && !may_begin_blocks(b"word") && !may_begin_blocks(&[0; 8]));
    }
}
