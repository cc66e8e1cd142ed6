//! Blocks of LZ4 and Snappy in the frame that Hadoop gives them (`BlockCompressorStream`), which is not that of the programs
//! lz4 and snzip.
//!
//! ```text
//! file    block …
//! block   plain length (4, big-endian)   part …                        until the parts have that length together
//! part    compressed length (4, big-endian)   compressed bytes
//! ```

use std::io::{Error, ErrorKind, Read, Result};

/// The compression of the parts of blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BlockCodec {
    Lz4,
    Snappy,
}

impl BlockCodec {
    /// The most bytes that so many compressed ones can hold: formats bound it, so that a damaged length asks for no more.
    fn most_plain(self, compressed: usize) -> usize {
        const SHORTEST: usize = 64;
        let ratio = match self {
            BlockCodec::Lz4 => 255,
            // A copy of 64 bytes takes three.
            BlockCodec::Snappy => 22,
        };
        compressed.saturating_mul(ratio).saturating_add(SHORTEST)
    }

    /// Compresses the part of a block.
    pub fn compress(self, plain: &[u8]) -> Result<Vec<u8>> {
        match self {
            BlockCodec::Lz4 => Ok(lz4_flex::block::compress(plain)),
            BlockCodec::Snappy => snap::raw::Encoder::new().compress_vec(plain).map_err(Error::other),
        }
    }

    /// Decompresses a part of at most `most` bytes.
    fn decompress(self, compressed: &[u8], most: usize) -> std::result::Result<Vec<u8>, String> {
        let most = most.min(self.most_plain(compressed.len()));
        match self {
            BlockCodec::Lz4 => lz4_flex::block::decompress(compressed, most).map_err(|error| error.to_string()),
            BlockCodec::Snappy => match snap::raw::decompress_len(compressed) {
                Ok(plain) if plain > most => Err("it is too long".to_owned()),
                Ok(_) => snap::raw::Decoder::new().decompress_vec(compressed).map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            },
        }
    }
}

/// Reads the plain bytes of blocks.
pub(crate) struct HadoopBlocks<R> {
    from: R,
    codec: BlockCodec,
    /// Bytes of the block that are not decompressed yet.
    left: usize,
    compressed: Vec<u8>,
    part: Vec<u8>,
    read: usize,
}

impl<R: Read> HadoopBlocks<R> {
    pub fn new(from: R, codec: BlockCodec) -> Self {
        HadoopBlocks { from, codec, left: 0, compressed: Vec::new(), part: Vec::new(), read: 0 }
    }

    /// Decompresses the next part; returns whether there was one.
    fn next_part(&mut self) -> Result<bool> {
        while self.left == 0 {
            match self.length()? {
                Some(length) => self.left = length,
                None => return Ok(false),
            }
        }
        let ends = || Error::new(ErrorKind::UnexpectedEof, "the file ends within a block");
        let length = self.length()?.ok_or_else(ends)?;
        self.compressed.clear();
        // Room is made as the bytes come, whatever length a damaged file says.
        if (&mut self.from).take(length as u64).read_to_end(&mut self.compressed)? < length {
            return Err(ends());
        }
        let damaged =
            |what: String| Error::new(ErrorKind::InvalidData, format!("a block cannot be decompressed: {what}"));
        self.part = self.codec.decompress(&self.compressed, self.left).map_err(damaged)?;
        if self.part.is_empty() {
            return Err(damaged("a part of it is empty".to_owned()));
        }
        (self.left, self.read) = (self.left - self.part.len(), 0);
        Ok(true)
    }

    /// A length; `None` at the end.
    fn length(&mut self) -> Result<Option<usize>> {
        let mut bytes = Vec::with_capacity(4);
        match (&mut self.from).take(4).read_to_end(&mut bytes)? {
            0 => Ok(None),
            4 => Ok(Some(u32::from_be_bytes(bytes.try_into().expect("four bytes")) as usize)),
            _ => Err(Error::new(ErrorKind::UnexpectedEof, "the file ends within a block")),
        }
    }
}

impl<R: Read> Read for HadoopBlocks<R> {
    fn read(&mut self, target: &mut [u8]) -> Result<usize> {
        if target.is_empty() || (self.read == self.part.len() && !self.next_part()?) {
            return Ok(0);
        }
        let next = &self.part[self.read..];
        let taken = next.len().min(target.len());
        target[..taken].copy_from_slice(&next[..taken]);
        self.read += taken;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BOTH: [BlockCodec; 2] = [BlockCodec::Lz4, BlockCodec::Snappy];

    fn block(codec: BlockCodec, parts: &[&[u8]]) -> Vec<u8> {
        let plain: usize = parts.iter().map(|part| part.len()).sum();
        let mut bytes = (plain as u32).to_be_bytes().to_vec();
        for part in parts {
            let compressed = codec.compress(part).unwrap();
            bytes.extend((compressed.len() as u32).to_be_bytes());
            bytes.extend(compressed);
        }
        bytes
    }

    fn plain(codec: BlockCodec, bytes: &[u8]) -> Result<Vec<u8>> {
        let mut plain = Vec::new();
        HadoopBlocks::new(bytes, codec).read_to_end(&mut plain).map(|_| plain)
    }

    #[test]
    fn blocks_of_several_parts_and_empty_ones_follow_one_another() {
        for codec in BOTH {
            let runs = [b'a'; 70_000];
            let bytes = [block(codec, &[b"one", &runs]), vec![0; 4], block(codec, &[b"two"])].concat();
            assert!(plain(codec, &bytes).unwrap() == [b"one", &runs[..], b"two"].concat(), "{codec:?}");
            assert_eq!(plain(codec, &[0; 4]).unwrap(), b"");
        }
    }

    #[test]
    fn a_block_that_is_cut_short_is_an_error_wherever_it_is() {
        for codec in BOTH {
            let bytes = block(codec, &[b"some words", b"and more"]);
            for end in 1..bytes.len() {
                let error = plain(codec, &bytes[..end]).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "{codec:?} {end}");
            }
        }
    }

    proptest! {
        #[test]
        fn damage_takes_no_more_memory_than_the_bytes_can_mean(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            for codec in BOTH {
                let most = codec.most_plain(bytes.len());
                if let Ok(plain) = plain(codec, &bytes) {
                    prop_assert!(plain.len() <= most);
                }
            }
        }
    }
}
