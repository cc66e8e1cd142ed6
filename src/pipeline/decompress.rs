//! Compressed input files, recognised by their extension and read from the beginning.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

/// A compression format of input files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Codec {
    Gzip,
    Bzip2,
    Zstd,
    Lz4,
}

impl Codec {
    /// The format that the extension says.
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "gz" => Some(Codec::Gzip),
            "bz2" => Some(Codec::Bzip2),
            "zst" => Some(Codec::Zstd),
            "lz4" => Some(Codec::Lz4),
            _ => None,
        }
    }

    /// The decompressed bytes of `file`; all members or frames, one after another.
    pub fn reader(self, file: File) -> std::io::Result<Box<dyn Read>> {
        const COMPRESSED_BUFFER_BYTES: usize = 128 << 10;
        let file = BufReader::with_capacity(COMPRESSED_BUFFER_BYTES, file);
        Ok(match self {
            Codec::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(file)),
            Codec::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(file)),
            Codec::Zstd => Box::new(zstd::Decoder::with_buffer(file)?),
            Codec::Lz4 => Box::new(Lz4Frames { frame: lz4_flex::frame::FrameDecoder::new(file) }),
        })
    }
}

/// LZ4 frames one after another, which the format allows and the decoder reads one at a time.
struct Lz4Frames {
    frame: lz4_flex::frame::FrameDecoder<BufReader<File>>,
}

impl Read for Lz4Frames {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        use std::io::BufRead;

        match self.frame.read(buffer)? {
            0 if !buffer.is_empty() && !self.frame.get_mut().fill_buf()?.is_empty() => self.frame.read(buffer),
            n => Ok(n),
        }
    }
}
