//! Decompresses what a codec of Hadoop's has compressed.

#[cfg(feature = "codecs")]
use std::io::Read;
use std::io::Result;
#[cfg(not(feature = "codecs"))]
use std::io::{Error, ErrorKind};

use crate::config::OutputCodec;
#[cfg(feature = "codecs")]
use crate::input::hadoop_blocks::{BlockCodec, HadoopBlocks};

/// The bytes that `codec` made `bytes` of.
///
/// # Errors
/// The decoder's.
#[cfg(feature = "codecs")]
pub fn decode(codec: OutputCodec, bytes: &[u8]) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    match codec {
        OutputCodec::Gzip => flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut out)?,
        OutputCodec::Deflate => flate2::read::ZlibDecoder::new(bytes).read_to_end(&mut out)?,
        OutputCodec::Bzip2 => bzip2::read::MultiBzDecoder::new(bytes).read_to_end(&mut out)?,
        OutputCodec::Zstd => zstd::stream::read::Decoder::new(bytes)?.read_to_end(&mut out)?,
        OutputCodec::Lz4 => HadoopBlocks::new(bytes, BlockCodec::Lz4).read_to_end(&mut out)?,
        OutputCodec::Snappy => HadoopBlocks::new(bytes, BlockCodec::Snappy).read_to_end(&mut out)?,
    };
    Ok(out)
}

/// Refuses to decompress.
///
/// # Errors
/// Always.
#[cfg(not(feature = "codecs"))]
pub fn decode(_codec: OutputCodec, _bytes: &[u8]) -> Result<Vec<u8>> {
    Err(Error::new(ErrorKind::Unsupported, crate::config::NO_CODECS))
}
