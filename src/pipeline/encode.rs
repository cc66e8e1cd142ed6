//! Compresses files as Hadoop's codecs do.
//!
//! All but LZ4 and Snappy are the formats of the usual programs. Those two are Hadoop's own
//! [blocks](crate::input::hadoop_blocks).

use std::io::{Result, Write};

use crate::config::OutputCodec;
use crate::input::hadoop_blocks::BlockCodec;

/// Bytes of a block before it is compressed: at most Hadoop's buffer of 256 KiB, less the sixth by which Snappy may make it
/// larger.
const BLOCK_BYTES: usize = 200 << 10;

/// Writes compressed bytes to `W`.
pub(crate) struct Encoder<W: Write>(Format<W>);

enum Format<W: Write> {
    Gzip(flate2::write::GzEncoder<W>),
    Bzip2(bzip2::write::BzEncoder<W>),
    Zstd(zstd::stream::write::Encoder<'static, W>),
    Deflate(flate2::write::ZlibEncoder<W>),
    Blocks(Blocks<W>),
}

impl<W: Write> Encoder<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// The encoder's.
    pub fn new(codec: OutputCodec, to: W) -> Result<Self> {
        Ok(Encoder(match codec {
            OutputCodec::Gzip => Format::Gzip(flate2::write::GzEncoder::new(to, flate2::Compression::default())),
            OutputCodec::Bzip2 => Format::Bzip2(bzip2::write::BzEncoder::new(to, bzip2::Compression::best())),
            OutputCodec::Zstd => Format::Zstd(zstd::stream::write::Encoder::new(to, zstd::DEFAULT_COMPRESSION_LEVEL)?),
            OutputCodec::Deflate => {
                Format::Deflate(flate2::write::ZlibEncoder::new(to, flate2::Compression::default()))
            }
            OutputCodec::Lz4 => Format::Blocks(Blocks::new(to, BlockCodec::Lz4)),
            OutputCodec::Snappy => Format::Blocks(Blocks::new(to, BlockCodec::Snappy)),
        }))
    }

    /// Writes the end of the file.
    ///
    /// # Errors
    /// Those of writing.
    pub fn finish(self) -> Result<W> {
        match self.0 {
            Format::Gzip(encoder) => encoder.finish(),
            Format::Bzip2(encoder) => encoder.finish(),
            Format::Zstd(encoder) => encoder.finish(),
            Format::Deflate(encoder) => encoder.finish(),
            Format::Blocks(blocks) => blocks.finish(),
        }
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        match &mut self.0 {
            Format::Gzip(encoder) => encoder.write(bytes),
            Format::Bzip2(encoder) => encoder.write(bytes),
            Format::Zstd(encoder) => encoder.write(bytes),
            Format::Deflate(encoder) => encoder.write(bytes),
            Format::Blocks(blocks) => blocks.write(bytes),
        }
    }

    fn flush(&mut self) -> Result<()> {
        match &mut self.0 {
            Format::Gzip(encoder) => encoder.flush(),
            Format::Bzip2(encoder) => encoder.flush(),
            Format::Zstd(encoder) => encoder.flush(),
            Format::Deflate(encoder) => encoder.flush(),
            Format::Blocks(blocks) => blocks.to.flush(),
        }
    }
}

/// Hadoop's blocks, each of one part.
struct Blocks<W: Write> {
    to: W,
    codec: BlockCodec,
    block: Vec<u8>,
    /// Whether a block was written.
    any: bool,
}

impl<W: Write> Blocks<W> {
    fn new(to: W, codec: BlockCodec) -> Self {
        Blocks { to, codec, block: Vec::new(), any: false }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        let taken = bytes.len().min(BLOCK_BYTES - self.block.len());
        self.block.extend_from_slice(&bytes[..taken]);
        if self.block.len() == BLOCK_BYTES {
            self.end_block()?;
        }
        Ok(taken)
    }

    fn end_block(&mut self) -> Result<()> {
        let compressed = self.codec.compress(&self.block)?;
        self.to.write_all(&(self.block.len() as u32).to_be_bytes())?;
        self.to.write_all(&(compressed.len() as u32).to_be_bytes())?;
        self.to.write_all(&compressed)?;
        self.block.clear();
        self.any = true;
        Ok(())
    }

    fn finish(mut self) -> Result<W> {
        if !self.block.is_empty() {
            self.end_block()?;
        } else if !self.any {
            self.to.write_all(&0u32.to_be_bytes())?;
        }
        Ok(self.to)
    }
}
