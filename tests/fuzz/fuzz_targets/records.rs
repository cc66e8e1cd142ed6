//! Files of any content, cut into splits of any size: the records of all splits are those of a plain reading, each once, and
//! compressed files give what was compressed.

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
    content: Vec<u8>,
    /// How often the content stands in the file, so that it exceeds what is read at once.
    times: u8,
    codec: Codec,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Codec {
    None,
    Gzip,
    /// Two members, one behind the other.
    Gzips,
    Bzip2,
    Zstd,
    Lz4,
    /// The content is the compressed file, as if it were one of this kind.
    Broken(u8),
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
const EXTENSIONS: [&str; 4] = ["gz", "bz2", "zst", "lz4"];

impl File {
    fn write(&self, dir: &Path, number: usize, content: &[u8]) -> PathBuf {
        let (extension, bytes) = match self.codec {
            Codec::None => ("txt", content.to_vec()),
            Codec::Gzip => ("gz", gzip(content)),
            Codec::Gzips => {
                let (one, other) = content.split_at(content.len() / 2);
                ("gz", [gzip(one), gzip(other)].concat())
            }
            Codec::Bzip2 => {
                let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
                encoder.write_all(content).unwrap();
                ("bz2", encoder.finish().unwrap())
            }
            Codec::Zstd => ("zst", zstd::bulk::compress(content, 1).unwrap()),
            Codec::Lz4 => {
                let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
                encoder.write_all(content).unwrap();
                ("lz4", encoder.finish().unwrap())
            }
            Codec::Broken(kind) => (EXTENSIONS[usize::from(kind) % EXTENSIONS.len()], self.content.clone()),
        };
        let path = dir.join(format!("{number:03}.{extension}"));
        fs::write(&path, bytes).unwrap();
        path
    }
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// The records of all splits, each behind its file and offset; the content of a broken file may be anything.
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

/// What a reader should find in a file.
fn lines(content: &[u8]) -> Vec<(u64, Vec<u8>)> {
    let mut offset = 0;
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
            let room = (MOST_BYTES - total) / file.content.len().max(1);
            let times = if file.times < 240 { usize::from(file.times / 32) } else { MOST_BYTES };
            let content = file.content.repeat(times.min(room));
            total += content.len();
            paths.push(file.write(dir.path(), number, &content));
            contents.push(content);
        }
        let broken = input.files.iter().take(4).any(|file| matches!(file.codec, Codec::Broken(_)));
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
                    let of_file = content.split(separator).filter(|word| !word.is_empty());
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
