//! Compresses files as Hadoop's codecs do.
//!
//! All but one are the formats of the usual programs. Hadoop's LZ4 is its own: blocks, each with two lengths before it.
//!
//! ```text
//! plain bytes (4, big-endian)   compressed bytes (4)   compressed   …
//! ```

use std::io::{Result, Write};

use crate::config::OutputCodec;

/// Bytes of a block of LZ4 before it is compressed: Hadoop's buffer, less what it may grow by.
const LZ4_BLOCK_BYTES: usize = 250 << 10;

/// Writes compressed bytes to `W`.
pub(crate) struct Encoder<W: Write>(Format<W>);

enum Format<W: Write> {
    Gzip(flate2::write::GzEncoder<W>),
    Bzip2(bzip2::write::BzEncoder<W>),
    Zstd(zstd::stream::write::Encoder<'static, W>),
    Deflate(flate2::write::ZlibEncoder<W>),
    Lz4(Lz4Blocks<W>),
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
            OutputCodec::Lz4 => Format::Lz4(Lz4Blocks { to, block: Vec::new(), any: false }),
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
            Format::Lz4(blocks) => blocks.finish(),
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
            Format::Lz4(blocks) => blocks.write(bytes),
        }
    }

    fn flush(&mut self) -> Result<()> {
        match &mut self.0 {
            Format::Gzip(encoder) => encoder.flush(),
            Format::Bzip2(encoder) => encoder.flush(),
            Format::Zstd(encoder) => encoder.flush(),
            Format::Deflate(encoder) => encoder.flush(),
            Format::Lz4(blocks) => blocks.to.flush(),
        }
    }
}

/// Blocks of Hadoop's LZ4.
struct Lz4Blocks<W: Write> {
    to: W,
    block: Vec<u8>,
    /// Whether a block was written.
    any: bool,
}

impl<W: Write> Lz4Blocks<W> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        let taken = bytes.len().min(LZ4_BLOCK_BYTES - self.block.len());
        self.block.extend_from_slice(&bytes[..taken]);
        if self.block.len() == LZ4_BLOCK_BYTES {
            self.end_block()?;
        }
        Ok(taken)
    }

    fn end_block(&mut self) -> Result<()> {
        let compressed = lz4_flex::block::compress(&self.block);
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
