//! Compression of blocks.

#[cfg(feature = "codecs")]
use crate::config::Compression;

/// The largest size of so many bytes once they are compressed.
#[cfg(feature = "codecs")]
pub(crate) fn compress_bound(compression: Compression, bytes: usize) -> usize {
    match compression {
        Compression::None => bytes,
        Compression::Lz4 => lz4_flex::block::get_maximum_output_size(bytes),
        Compression::Zstd => zstd::zstd_safe::compress_bound(bytes),
    }
}

/// Compresses bytes into a target of at least the [bound](compress_bound); returns the size.
#[cfg(feature = "codecs")]
pub(crate) fn compress(compression: Compression, bytes: &[u8], target: &mut [u8]) -> std::io::Result<usize> {
    match compression {
        Compression::None => unreachable!("such blocks are written as they are"),
        Compression::Lz4 => {
            Ok(lz4_flex::block::compress_into(bytes, target).expect("the target has the largest output size"))
        }
        Compression::Zstd => zstd::bulk::compress_to_buffer(bytes, target, 1),
    }
}

/// Decompresses bytes into a target of their original size; returns their size.
///
/// # Errors
/// A message about damaged bytes.
#[cfg(feature = "codecs")]
pub(crate) fn decompress(compression: Compression, bytes: &[u8], target: &mut [u8]) -> Result<usize, String> {
    match compression {
        Compression::None => unreachable!("such blocks are read as they are"),
        Compression::Lz4 => lz4_flex::block::decompress_into(bytes, target).map_err(|error| error.to_string()),
        Compression::Zstd => zstd::bulk::decompress_to_buffer(bytes, target).map_err(|error| error.to_string()),
    }
}

#[cfg(not(feature = "codecs"))]
mod none {
    //! Without codecs, settings that ask for compression are invalid, and compressed blocks of other builds are errors.

    use crate::config::Compression;

    pub(crate) fn compress_bound(_: Compression, bytes: usize) -> usize {
        bytes
    }

    pub(crate) fn compress(_: Compression, _: &[u8], _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::Error::other(crate::config::NO_CODECS))
    }

    pub(crate) fn decompress(_: Compression, _: &[u8], _: &mut [u8]) -> Result<usize, String> {
        Err(crate::config::NO_CODECS.into())
    }
}

#[cfg(not(feature = "codecs"))]
pub(crate) use none::{compress, compress_bound, decompress};
