//! Decompresses what a codec of Hadoop's has compressed.

#[cfg(feature = "codecs")]
use std::io::Read;
use std::io::{Error, ErrorKind, Result};

use crate::config::OutputCodec;

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
        OutputCodec::Lz4 => return lz4_blocks(bytes),
    };
    Ok(out)
}

/// Blocks of Hadoop's LZ4: the plain length, then parts with their compressed lengths until it is reached.
#[cfg(feature = "codecs")]
fn lz4_blocks(mut bytes: &[u8]) -> Result<Vec<u8>> {
    let damaged = |what: &str| Error::new(ErrorKind::InvalidData, format!("an LZ4 block {what}"));
    fn length(bytes: &mut &[u8]) -> Option<usize> {
        let (length, rest) = bytes.split_first_chunk::<4>()?;
        *bytes = rest;
        Some(u32::from_be_bytes(*length) as usize)
    }
    let mut out = Vec::new();
    while let Some(mut left) = length(&mut bytes) {
        while left > 0 {
            let compressed = length(&mut bytes).ok_or_else(|| damaged("has no end"))?;
            let (part, rest) = bytes.split_at_checked(compressed).ok_or_else(|| damaged("has no end"))?;
            bytes = rest;
            let part = lz4_flex::block::decompress(part, left).map_err(|error| damaged(&error.to_string()))?;
            left = left.checked_sub(part.len()).filter(|_| !part.is_empty()).ok_or_else(|| damaged("is too long"))?;
            out.extend_from_slice(&part);
        }
    }
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
