//! What is written is read back, wherever the file is cut.

use std::sync::Arc;

use super::{Packing, Writer, decode};
use crate::config::OutputCodec;
use crate::input::split::{FilePiece, Piece};
use crate::input::{InputFormat, Inputs, OpenFiles, PieceReader, list_files};
use crate::pipeline::encode::Encoder;
use crate::streaming::reading::{Reading, Shown};
use crate::streaming::writable::{Type, Writable};

/// A file of so many records: of long values too, so that there are marks, or blocks.
fn file(packing: Packing, records: i64) -> Vec<u8> {
    let (mut writer, mut file) = (Writer::new((Type::Text, Type::Long), packing, "test"), Vec::new());
    for number in 0..records {
        let key = format!("key {number} {}", "x".repeat(number as usize % 900));
        writer.write(Writable::Text(key.as_bytes()), Writable::Long(number), &mut file).unwrap();
    }
    writer.finish(&mut file).unwrap();
    file
}

/// The values of the records of a file that is cut at multiples of `piece_bytes`.
fn values(bytes: &[u8], piece_bytes: usize) -> Result<Vec<String>, crate::Error> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    std::fs::write(&path, bytes).unwrap();
    let listed = Arc::new(list_files(&[path]).unwrap().remove(0));
    let (inputs, mut buffer, mut bytes_read, mut values) = (Inputs::default(), Vec::new(), 0, Vec::new());
    for start in (0..bytes.len()).step_by(piece_bytes) {
        let end = (start + piece_bytes).min(bytes.len());
        let piece = Piece::File(FilePiece::new(&listed, start as u64, end as u64));
        let (context, bytes_read) = (inputs.context(None), &mut bytes_read);
        OpenFiles::read(PieceReader { piece: &piece, buffer: &mut buffer, bytes_read, context }, |mut file| {
            Reading::Sequence(Shown::Text).each(&mut file, |_, _, value| {
                values.push(String::from_utf8(value.plain().unwrap().to_vec()).unwrap());
                Ok(())
            })
        })?;
    }
    Ok(values)
}

#[test]
fn records_are_read_once_wherever_the_file_is_cut() {
    let expected: Vec<String> = (0..3000).map(|number| number.to_string()).collect();
    let codec = OutputCodec::Zstd;
    for packing in [Packing::Plain, Packing::Values(codec), Packing::Blocks(codec)] {
        let bytes = file(packing, 3000);
        for piece_bytes in [5_000, 77_777, 200_000, bytes.len()] {
            assert!(values(&bytes, piece_bytes).unwrap() == expected, "{packing:?} {piece_bytes}");
        }
        assert_eq!(values(&file(packing, 0), 60).unwrap(), Vec::<String>::new(), "{packing:?}");
    }
}

#[test]
fn every_codec_gives_back_what_it_took() {
    for codec in OutputCodec::ALL {
        for text in [String::new(), "abc".repeat(200_000)] {
            let mut encoder = Encoder::new(codec, Vec::new()).unwrap();
            std::io::Write::write_all(&mut encoder, text.as_bytes()).unwrap();
            let encoded = encoder.finish().unwrap();
            assert!(decode(codec, &encoded).unwrap() == text.as_bytes(), "{codec:?}");
        }
        let bytes = file(Packing::Blocks(codec), 20);
        assert_eq!(values(&bytes, bytes.len()).unwrap().len(), 20, "{codec:?}");
    }
}

#[test]
fn damage_is_an_error_with_its_place() {
    let whole = file(Packing::Plain, 3);
    let error = values(&whole[..whole.len() - 1], whole.len()).unwrap_err().to_string();
    assert!(error.contains("the file ends within a record"), "{error}");
    let error = values(b"SEQ\x04rest", 100).unwrap_err().to_string();
    assert!(error.contains("version 4"), "{error}");
    let mut other = whole;
    let class = other.windows(4).position(|window| window == b"Text").unwrap();
    other[class] = b'M';
    let error = values(&other, other.len()).unwrap_err().to_string();
    assert!(error.contains("org.apache.hadoop.io.Mext") && error.contains("LongWritable"), "{error}");
}
