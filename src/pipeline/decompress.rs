//! Compressed input files, recognised by their extension and read from the beginning.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::Path;

use lz4_flex::frame::FrameDecoder;

use crate::observe::activity::{FileUse, file_call};

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
        let file = BufReader::with_capacity(COMPRESSED_BUFFER_BYTES, InputFile(file));
        Ok(match self {
            Codec::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(file)),
            Codec::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(file)),
            Codec::Zstd => Box::new(zstd::Decoder::with_buffer(file)?),
            Codec::Lz4 => Box::new(Lz4Frames::new(file)),
        })
    }
}

/// A file of which the time in its calls is known.
struct InputFile(File);

impl Read for InputFile {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        file_call(FileUse::ReadInput, || self.0.read(buffer))
    }
}

/// LZ4 frames one after another, which the format allows. The decoder reads one; it takes the end of the file for the end
/// of a frame, wherever that comes.
struct Lz4Frames {
    decoder: Option<FrameDecoder<EndNoted>>,
    frame: Frame,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Frame {
    None,
    Current,
    /// A frame of the old format, which has no end mark.
    Legacy,
}

impl Lz4Frames {
    fn new(file: BufReader<InputFile>) -> Self {
        let decoder = FrameDecoder::new(EndNoted { file, at_end: false });
        Lz4Frames { decoder: Some(decoder), frame: Frame::None }
    }
}

impl Read for Lz4Frames {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        const LEGACY_MAGIC: [u8; 4] = 0x184C_2102_u32.to_le_bytes();
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let decoder = self.decoder.as_mut().expect("taken only to be replaced");
            if self.frame != Frame::None {
                let read = decoder.read(buffer)?;
                if read > 0 {
                    return Ok(read);
                }
                if decoder.get_ref().at_end && self.frame == Frame::Current {
                    return Err(std::io::Error::new(ErrorKind::UnexpectedEof, "the file ends within an LZ4 frame"));
                }
                self.frame = Frame::None;
            }
            let next = decoder.get_mut().file.fill_buf()?;
            if next.is_empty() {
                return Ok(0);
            }
            self.frame = if next.starts_with(&LEGACY_MAGIC) { Frame::Legacy } else { Frame::Current };
            // A decoder's buffers are of the size that its first frame wants.
            self.decoder = self.decoder.take().map(|decoder| FrameDecoder::new(decoder.into_inner()));
        }
    }
}

/// Notes that the file has ended.
struct EndNoted {
    file: BufReader<InputFile>,
    at_end: bool,
}

impl Read for EndNoted {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.at_end |= read == 0 && !buffer.is_empty();
        Ok(read)
    }
}
