//! Files of any content, cut into splits of any size: the records of all splits are those of a plain reading, each once.
//! Compressed files of any form and name give their content; damaged ones give an error, or any content.

#![no_main]

use std::cell::RefCell;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use twinmill::fuzzing::read_splits;
use twinmill::{FixedLength, InputFormat, Lines, Record, Result};

#[derive(Arbitrary, Debug)]
struct Input {
    files: Vec<File>,
    split_bytes: u32,
    format: Format,
}

#[derive(Arbitrary, Debug)]
struct File {
    /// Whether the file begins with the mark of UTF-8.
    marked: bool,
    content: Vec<u8>,
    /// Number of times that the content is repeated in the file, so that it exceeds one read.
    times: u8,
    form: Form,
}

#[derive(Arbitrary, Clone, Debug)]
enum Form {
    Plain,
    Packed(Packed),
    /// The content is the compressed file, as if it were one of this kind.
    Broken(u8),
}

/// A compressed file, with skippable frames between its members, padding after them, and damage.
#[derive(Arbitrary, Clone, Debug)]
struct Packed {
    codec: Codec,
    /// The cuts of the content into members.
    cuts: [u8; 3],
    /// A skippable frame of so many bytes before each member, where the format has such.
    skipped: [Option<u8>; 4],
    /// NULs after the last member, where the format's program ignores them.
    padding: u16,
    /// The name that the file gets, which must not decide how it is decompressed.
    name: u8,
    damage: Option<Damage>,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Codec {
    Gzip,
    Bzip2,
    Zstd,
    Lz4,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Damage {
    Flip { at: u16, bits: u8 },
    Cut { to: u16 },
    Garbage { bytes: [u8; 4] },
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Format {
    Lines,
    Words,
    Fixed1,
    Fixed7,
    Fixed100,
}

/// Most bytes of all files: more than is read at once.
const MOST_BYTES: usize = 300 << 10;
const MOST_SPLITS: u64 = 200;
const EXTENSIONS: [&str; 7] = ["gz", "bz2", "zst", "lz4", "GZ", "txt", "data"];
const MARK: &[u8] = b"\xef\xbb\xbf";

impl File {
    fn write(&self, dir: &Path, number: usize, content: &[u8]) -> PathBuf {
        let name = |extension: u8| EXTENSIONS[usize::from(extension) % EXTENSIONS.len()];
        let (extension, bytes) = match &self.form {
            Form::Plain => ("txt", content.to_vec()),
            Form::Packed(packed) => (name(packed.name), packed.bytes(content)),
            Form::Broken(extension) => (name(*extension), self.content.clone()),
        };
        let path = dir.join(format!("{number:03}.{extension}"));
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Whether the file must give its content: it is complete, and cannot be taken for another format.
    fn is_sound(&self, content: &[u8]) -> bool {
        let foreign = [&b"\xff\xfe"[..], b"\xfe\xff", b"\0\0\xfe\xff"];
        let of_text = |byte: &u8| byte.is_ascii_lowercase() || matches!(byte, b'\n' | b'\t' | b' ' | b'0'..=b'6');
        match &self.form {
            Form::Plain => content.starts_with(MARK) || content.first().is_none_or(of_text),
            Form::Packed(packed) => packed.damage.is_none() && !foreign.iter().any(|mark| content.starts_with(mark)),
            Form::Broken(_) => false,
        }
    }
}

impl Packed {
    fn bytes(&self, content: &[u8]) -> Vec<u8> {
        let mut cuts = self.cuts.map(|cut| content.len() * usize::from(cut) / 255);
        cuts.sort_unstable();
        let bounds = [0, cuts[0], cuts[1], cuts[2], content.len()];
        let mut bytes = Vec::new();
        for (bound, skipped) in bounds.windows(2).zip(self.skipped) {
            if let (Some(len), Codec::Zstd | Codec::Lz4) = (skipped, self.codec) {
                bytes.extend([0x50 | len & 15, 0x2a, 0x4d, 0x18]);
                bytes.extend(u32::from(len).to_le_bytes());
                bytes.resize(bytes.len() + usize::from(len), len);
            }
            bytes.extend(self.codec.member(&content[bound[0]..bound[1]]));
        }
        if matches!(self.codec, Codec::Gzip | Codec::Bzip2) {
            bytes.resize(bytes.len() + usize::from(self.padding), 0);
        }
        let end = bytes.len();
        match self.damage {
            Some(Damage::Flip { at, bits }) => bytes[usize::from(at) % end] ^= bits,
            Some(Damage::Cut { to }) => bytes.truncate(usize::from(to) % end),
            Some(Damage::Garbage { bytes: garbage }) => bytes.extend(garbage),
            None => {}
        }
        bytes
    }
}

impl Codec {
    fn member(self, content: &[u8]) -> Vec<u8> {
        match self {
            Codec::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                encoder.write_all(content).unwrap();
                encoder.finish().unwrap()
            }
            Codec::Bzip2 => {
                let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
                encoder.write_all(content).unwrap();
                encoder.finish().unwrap()
            }
            Codec::Zstd => zstd::bulk::compress(content, 1).unwrap(),
            Codec::Lz4 => {
                let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
                encoder.write_all(content).unwrap();
                encoder.finish().unwrap()
            }
        }
    }
}

/// The records of all splits, each with its file and offset; the content of a broken file may be anything.
fn read<F>(paths: &[PathBuf], split_bytes: u64) -> Result<Vec<(PathBuf, u64, Vec<u8>)>>
where
    F: for<'r> InputFormat<Record<'r> = Record<'r>>,
{
    let mut records = Vec::new();
    read_splits::<F>(paths, split_bytes, |_, record| {
        records.push((record.path().to_owned(), record.offset(), record.bytes().to_vec()));
        Ok(())
    })?;
    Ok(records)
}

/// The lines that a reader should find in a text, without the mark at its beginning.
fn lines(content: &[u8]) -> Vec<(u64, Vec<u8>)> {
    let (mut offset, content) = match content.strip_prefix(MARK) {
        Some(rest) => (MARK.len() as u64, rest),
        None => (0, content),
    };
    let place = |line: &[u8]| {
        let at = offset;
        offset += line.len() as u64;
        (at, line.strip_suffix(b"\n").unwrap_or(line).to_vec())
    };
    content.split_inclusive(|byte| *byte == b'\n').map(place).collect()
}

fn check<F>(paths: &[PathBuf], split_bytes: u64, expected: Option<Vec<(PathBuf, u64, Vec<u8>)>>)
where
    F: for<'r> InputFormat<Record<'r> = Record<'r>>,
{
    match (read::<F>(paths, split_bytes), expected) {
        (Ok(records), Some(expected)) => assert!(records == expected, "{split_bytes} bytes a split"),
        (Err(error), Some(_)) => panic!("{error}"),
        // An error is right, and so is whatever broken files decompress to.
        (_, None) => {}
    }
}

thread_local! {
    static DIR: RefCell<tempfile::TempDir> = RefCell::new(tempfile::tempdir().unwrap());
}

fuzz_target!(|input: Input| {
    DIR.with_borrow(|dir| {
        let (mut paths, mut contents, mut total) = (Vec::new(), Vec::new(), 0);
        for (number, file) in input.files.iter().take(4).enumerate() {
            let room = MOST_BYTES.saturating_sub(total) / file.content.len().max(1);
            let times = if file.times < 240 { usize::from(file.times / 32) } else { MOST_BYTES };
            let mut content = if file.marked { MARK.to_vec() } else { Vec::new() };
            content.extend(file.content.repeat(times.min(room)));
            total += content.len();
            paths.push(file.write(dir.path(), number, &content));
            contents.push(content);
        }
        let broken = !input.files.iter().zip(&contents).all(|(file, content)| file.is_sound(content));
        // Each split takes its time, so a large file has larger ones.
        let split_bytes = u64::from(input.split_bytes).max(1 + total as u64 / MOST_SPLITS);
        let all = |cut: &dyn Fn(&[u8]) -> Vec<(u64, Vec<u8>)>| {
            let of_file = |(path, content): (&PathBuf, &Vec<u8>)| {
                cut(content).into_iter().map(|(offset, bytes)| (path.clone(), offset, bytes)).collect::<Vec<_>>()
            };
            (!broken).then(|| paths.iter().zip(&contents).flat_map(of_file).collect::<Vec<_>>())
        };
        let whole = |len: usize| contents.iter().all(|content| content.len() % len == 0);
        let fixed = |len: usize| {
            let cut = |content: &[u8]| {
                content.chunks(len).zip(0..).map(|(record, i)| (i * len as u64, record.to_vec())).collect()
            };
            if whole(len) { all(&cut) } else { None }
        };
        match input.format {
            Format::Lines => check::<Lines>(&paths, split_bytes, all(&|content| lines(content))),
            Format::Words => {
                let (mut words, mut expected) = (Vec::new(), Vec::new());
                let read = read_splits::<Lines>(&paths, split_bytes, |_, line| {
                    line.words().for_each(|word| words.push(word.to_vec()));
                    Ok(())
                });
                let separator = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0c);
                for content in &contents {
                    let text = content.strip_prefix(MARK).unwrap_or(content);
                    let of_file = text.split(separator).filter(|word| !word.is_empty());
                    expected.extend(of_file.map(<[u8]>::to_vec));
                }
                if !broken {
                    read.unwrap();
                    assert!(words == expected, "{split_bytes} bytes a split");
                }
            }
            Format::Fixed1 => check::<FixedLength<1>>(&paths, split_bytes, fixed(1)),
            Format::Fixed7 => check::<FixedLength<7>>(&paths, split_bytes, fixed(7)),
            Format::Fixed100 => check::<FixedLength<100>>(&paths, split_bytes, fixed(100)),
        }
        // A file that ends within a record is not read as if it ended before.
        if let (Format::Fixed7, false, false) = (input.format, whole(7), broken) {
            read::<FixedLength<7>>(&paths, split_bytes).unwrap_err();
        }
        paths.iter().for_each(|path| fs::remove_file(path).unwrap());
    });
});
