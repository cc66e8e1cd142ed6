//! Reads compressed files as the programs that made them do.
//!
//! A file may hold several members or frames one after another. After the last, gzip ignores NULs silently, and gzip,
//! bzip2 and lz4 ignore anything else with a warning, which becomes a note here. A file that ends within a member is an
//! error.

use std::io::{BufRead, ErrorKind, Read, Result};
use std::sync::Arc;

use lz4_flex::frame::FrameDecoder;

use crate::input::form::{CURRENT_LZ4, Codec, LEGACY_LZ4, is_skippable, may_begin_zlib};
use crate::input::hadoop_blocks::{BlockCodec, HadoopBlocks};
use crate::input::opened::Opened;
use crate::observe::activity::transfer;
use crate::observe::purpose::FileUse;

/// The decompressed bytes of a file.
pub(crate) trait Decode: Read {
    /// Whether meaningless bytes follow the last member. Known once the end was read.
    fn ignored_bytes(&self) -> bool;
}

impl Codec {
    /// Decompresses a file from its cursor on.
    pub fn reader(self, file: Arc<Opened>, file_use: FileUse) -> Result<Box<dyn Decode>> {
        let bytes = Compressed::new(file, file_use);
        Ok(match self {
            Codec::Gzip => Box::new(Members::<Gzip>::new(bytes)),
            Codec::Bzip2 => Box::new(Members::<Bzip2>::new(bytes)),
            Codec::Zstd => Box::new(zstd_frames(bytes)?),
            Codec::Lz4 => Box::new(Lz4Frames { state: Lz4::Between(bytes), ignored: false, frames: 0 }),
            Codec::Deflate => Box::new(Members::<Zlib>::new(bytes)),
            Codec::Lz4Blocks => Box::new(HadoopBlocks::new(bytes, BlockCodec::Lz4)),
            Codec::SnappyBlocks => Box::new(HadoopBlocks::new(bytes, BlockCodec::Snappy)),
        })
    }
}

fn truncated(what: &str) -> std::io::Error {
    std::io::Error::new(ErrorKind::UnexpectedEof, format!("the file ends within {what}"))
}

/// Bytes of a compressed file, which can be peeked at.
struct Compressed {
    file: Arc<Opened>,
    file_use: FileUse,
    buffer: Box<[u8]>,
    unread: (usize, usize),
}

impl Compressed {
    fn new(file: Arc<Opened>, file_use: FileUse) -> Self {
        const BUFFER_BYTES: usize = 128 << 10;
        Compressed { file, file_use, buffer: vec![0; BUFFER_BYTES].into(), unread: (0, 0) }
    }

    fn unread(&self) -> &[u8] {
        &self.buffer[self.unread.0..self.unread.1]
    }

    fn read_file(&mut self) -> Result<usize> {
        let target = &mut self.buffer[self.unread.1..];
        loop {
            match transfer(self.file_use, || (&*self.file).read(target)) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Ok(read) => {
                    self.unread.1 += read;
                    return Ok(read);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Returns at least so many of the next bytes, or all that are left.
    fn peek(&mut self, bytes: usize) -> Result<&[u8]> {
        if self.unread().len() < bytes {
            self.buffer.copy_within(self.unread.0..self.unread.1, 0);
            self.unread = (0, self.unread.1 - self.unread.0);
            while self.unread.1 < bytes && self.read_file()? > 0 {}
        }
        Ok(self.unread())
    }

    /// Skips so many bytes; returns whether there were as many.
    fn skip(&mut self, mut bytes: u64) -> Result<bool> {
        while bytes > 0 {
            let next = self.peek(1)?.len() as u64;
            if next == 0 {
                return Ok(false);
            }
            let taken = next.min(bytes);
            self.consume(taken as usize);
            bytes -= taken;
        }
        Ok(true)
    }
}

impl Read for Compressed {
    fn read(&mut self, target: &mut [u8]) -> Result<usize> {
        let next = self.fill_buf()?;
        let taken = next.len().min(target.len());
        target[..taken].copy_from_slice(&next[..taken]);
        self.consume(taken);
        Ok(taken)
    }
}

impl BufRead for Compressed {
    fn fill_buf(&mut self) -> Result<&[u8]> {
        self.peek(1)
    }

    fn consume(&mut self, bytes: usize) {
        self.unread.0 += bytes;
    }
}

/// The content after a member.
enum Next {
    Member,
    End,
    /// Bytes that mean nothing.
    Garbage,
}

/// A decoder of one member.
trait Member: Read {
    fn begin(bytes: Compressed) -> Self;
    fn into_rest(self) -> Compressed;
    fn next(bytes: &mut Compressed) -> Result<Next>;
}

type Gzip = flate2::bufread::GzDecoder<Compressed>;

impl Member for Gzip {
    fn begin(bytes: Compressed) -> Self {
        flate2::bufread::GzDecoder::new(bytes)
    }

    fn into_rest(self) -> Compressed {
        self.into_inner()
    }

    fn next(bytes: &mut Compressed) -> Result<Next> {
        if bytes.peek(2)?.starts_with(&[0x1f, 0x8b]) {
            return Ok(Next::Member);
        }
        // Tapes and block devices pad with NULs.
        loop {
            let next = bytes.peek(1)?;
            let zeros = next.iter().take_while(|byte| **byte == 0).count();
            match (next.len(), zeros) {
                (0, _) => return Ok(Next::End),
                (len, zeros) if zeros < len => return Ok(Next::Garbage),
                (_, zeros) => bytes.consume(zeros),
            }
        }
    }
}

type Bzip2 = bzip2::bufread::BzDecoder<Compressed>;

impl Member for Bzip2 {
    fn begin(bytes: Compressed) -> Self {
        bzip2::bufread::BzDecoder::new(bytes)
    }

    fn into_rest(self) -> Compressed {
        self.into_inner()
    }

    fn next(bytes: &mut Compressed) -> Result<Next> {
        match bytes.peek(4)? {
            [] => Ok(Next::End),
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Ok(Next::Member),
            rest if rest.len() < 4 && b"BZh".starts_with(rest) => Err(truncated("the beginning of a bzip2 stream")),
            _ => Ok(Next::Garbage),
        }
    }
}

type Zlib = flate2::bufread::ZlibDecoder<Compressed>;

impl Member for Zlib {
    fn begin(bytes: Compressed) -> Self {
        flate2::bufread::ZlibDecoder::new(bytes)
    }

    fn into_rest(self) -> Compressed {
        self.into_inner()
    }

    fn next(bytes: &mut Compressed) -> Result<Next> {
        Ok(match bytes.peek(2)? {
            [] => Next::End,
            header if may_begin_zlib(header) => Next::Member,
            _ => Next::Garbage,
        })
    }
}

impl Decode for HadoopBlocks<Compressed> {
    fn ignored_bytes(&self) -> bool {
        // They would be a block.
        false
    }
}

/// Members one after another.
struct Members<M> {
    /// `None` once all are read.
    current: Option<M>,
    ignored: bool,
}

impl<M: Member> Members<M> {
    fn new(bytes: Compressed) -> Self {
        Members { current: Some(M::begin(bytes)), ignored: false }
    }
}

impl<M: Member> Read for Members<M> {
    fn read(&mut self, target: &mut [u8]) -> Result<usize> {
        while let Some(member) = &mut self.current {
            let read = member.read(target)?;
            if read > 0 || target.is_empty() {
                return Ok(read);
            }
            let mut rest = self.current.take().expect("it was just read").into_rest();
            match M::next(&mut rest)? {
                Next::Member => self.current = Some(M::begin(rest)),
                Next::End => {}
                Next::Garbage => self.ignored = true,
            }
        }
        Ok(0)
    }
}

impl<M: Member> Decode for Members<M> {
    fn ignored_bytes(&self) -> bool {
        self.ignored
    }
}

type ZstdFrames = zstd::Decoder<'static, Compressed>;

/// Frames and skippable frames one after another, with windows up to the format's largest: a window takes memory only
/// as far as it has data.
fn zstd_frames(bytes: Compressed) -> Result<ZstdFrames> {
    const LARGEST_WINDOW_LOG: u32 = 31;
    let mut decoder = zstd::Decoder::with_buffer(bytes)?;
    decoder.window_log_max(LARGEST_WINDOW_LOG)?;
    Ok(decoder)
}

impl Decode for ZstdFrames {
    fn ignored_bytes(&self) -> bool {
        // zstd refuses them.
        false
    }
}

/// LZ4 frames of all kinds one after another. The library's decoder reads one; it takes the end of the file for the end of a
/// frame, wherever that comes.
struct Lz4Frames {
    state: Lz4,
    ignored: bool,
    frames: u64,
}

enum Lz4 {
    Between(Compressed),
    Frame(Box<FrameDecoder<EndNoted>>),
    Legacy(LegacyFrame),
    End,
}

/// A frame of LZ4's first format: blocks until something else follows.
struct LegacyFrame {
    bytes: Compressed,
    compressed: Vec<u8>,
    block: Vec<u8>,
    unread: (usize, usize),
}

impl LegacyFrame {
    const BLOCK_BYTES: usize = 8 << 20;

    fn new(bytes: Compressed) -> Self {
        LegacyFrame { bytes, compressed: Vec::new(), block: vec![0; Self::BLOCK_BYTES], unread: (0, 0) }
    }

    /// Decompresses the next block; returns whether there was one.
    fn next_block(&mut self) -> Result<bool> {
        let largest = lz4_flex::block::get_maximum_output_size(Self::BLOCK_BYTES);
        let size = match self.bytes.peek(4)? {
            [] => return Ok(false),
            [a, b, c, d, ..] => u32::from_le_bytes([*a, *b, *c, *d]) as usize,
            _ => return Err(truncated("an LZ4 frame")),
        };
        // No block is so large: another frame begins here.
        if size > largest {
            return Ok(false);
        }
        self.bytes.consume(4);
        self.compressed.resize(size, 0);
        self.bytes.read_exact(&mut self.compressed).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => truncated("an LZ4 frame"),
            _ => error,
        })?;
        let block = lz4_flex::block::decompress_into(&self.compressed, &mut self.block);
        let bytes = block.map_err(|error| std::io::Error::new(ErrorKind::InvalidData, error.to_string()))?;
        self.unread = (0, bytes);
        Ok(true)
    }
}

impl Read for Lz4Frames {
    fn read(&mut self, target: &mut [u8]) -> Result<usize> {
        if target.is_empty() {
            return Ok(0);
        }
        loop {
            self.state = match std::mem::replace(&mut self.state, Lz4::End) {
                Lz4::End => return Ok(0),
                Lz4::Between(bytes) => self.begin(bytes)?,
                Lz4::Frame(mut decoder) => {
                    let read = decoder.read(target)?;
                    if read > 0 {
                        self.state = Lz4::Frame(decoder);
                        return Ok(read);
                    }
                    let EndNoted { bytes, at_end } = decoder.into_inner();
                    if at_end {
                        return Err(truncated("an LZ4 frame"));
                    }
                    Lz4::Between(bytes)
                }
                Lz4::Legacy(mut frame) => {
                    if frame.unread.0 < frame.unread.1 {
                        let block = &frame.block[frame.unread.0..frame.unread.1];
                        let read = block.len().min(target.len());
                        target[..read].copy_from_slice(&block[..read]);
                        frame.unread.0 += read;
                        self.state = Lz4::Legacy(frame);
                        return Ok(read);
                    }
                    if frame.next_block()? { Lz4::Legacy(frame) } else { Lz4::Between(frame.bytes) }
                }
            };
        }
    }
}

impl Lz4Frames {
    /// Looks at the beginning of the file, or at the bytes after a frame.
    fn begin(&mut self, mut bytes: Compressed) -> Result<Lz4> {
        let next = bytes.peek(8)?;
        if next.is_empty() {
            return Ok(Lz4::End);
        }
        if next.starts_with(&CURRENT_LZ4) {
            self.frames += 1;
            // A decoder's buffers are of the size that its first frame wants, so each frame has its own.
            return Ok(Lz4::Frame(Box::new(FrameDecoder::new(EndNoted { bytes, at_end: false }))));
        }
        if next.starts_with(&LEGACY_LZ4) {
            self.frames += 1;
            bytes.consume(4);
            return Ok(Lz4::Legacy(LegacyFrame::new(bytes)));
        }
        if is_skippable(next) {
            let size = next.get(4..8).ok_or_else(|| truncated("a skippable LZ4 frame"))?;
            let size = u32::from_le_bytes(size.try_into().expect("four bytes"));
            if !bytes.skip(8 + u64::from(size))? {
                return Err(truncated("a skippable LZ4 frame"));
            }
            self.frames += 1;
            return Ok(Lz4::Between(bytes));
        }
        if self.frames == 0 || next.len() < 4 {
            return Err(std::io::Error::new(ErrorKind::InvalidData, "no LZ4 frame begins where one should"));
        }
        self.ignored = true;
        Ok(Lz4::End)
    }
}

impl Decode for Lz4Frames {
    fn ignored_bytes(&self) -> bool {
        self.ignored
    }
}

/// Notes that the file has ended.
struct EndNoted {
    bytes: Compressed,
    at_end: bool,
}

impl Read for EndNoted {
    fn read(&mut self, target: &mut [u8]) -> Result<usize> {
        let read = self.bytes.read(target)?;
        self.at_end |= read == 0 && !target.is_empty();
        Ok(read)
    }
}
