//! The layout of a run file. All integers are little-endian.
//!
//! ```text
//! ┌────────────────────────────────────────────────────────────────────────┐
//! │ header  magic "TWMLRUN2" · partitions u32 · 0 u32 · owner u128 ·       │ 40 bytes
//! │         checksum u64 of the 32 bytes before it                         │
//! ├────────────────────────────────────────────────────────────────────────┤
//! │ block   record bytes u32 · stored bytes u32 · records u32 · codec u32  │ 24 bytes
//! │         checksum u64 of the 16 bytes before it, the stored bytes, the  │
//! │         owner and the block's offset                                   │
//! │         stored bytes …                                                 │
//! │ block   …                        (partition 0, then partition 1, …)    │
//! ├────────────────────────────────────────────────────────────────────────┤
//! │ index   for each partition: offset u64 · stored bytes u64 (with block  │ 32 bytes each
//! │         headers) · record bytes u64 · records u64                      │
//! ├────────────────────────────────────────────────────────────────────────┤
//! │ footer  index offset u64 · checksum u64 of index, index offset and     │ 24 bytes
//! │         owner · magic "TWMLEND2"                                       │
//! └────────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! Checksums are XXH3-64. A file without a sound footer was not completed. The [owner](Owner) says which task's run
//! this is. Each checksum depends on the owner, so a file or a block in the place of another one is recognised.

use std::fmt;
use std::path::Path;

use xxhash_rust::xxh3::{Xxh3Builder, xxh3_64, xxh3_64_with_seed, xxh3_128_with_seed};

use crate::config::Compression;
use crate::error::{Error, Result};
use crate::store::index::PartitionIndex;

pub(crate) const HEADER_BYTES: usize = 40;
pub(crate) const BLOCK_HEADER_BYTES: usize = 24;
pub(crate) const INDEX_ENTRY_BYTES: usize = 32;
pub(crate) const FOOTER_BYTES: usize = 24;
const MAGIC: &[u8; 8] = b"TWMLRUN2";
const END_MAGIC: &[u8; 8] = b"TWMLEND2";

/// Largest record: its block's length has 32 bits.
pub(crate) const MAX_RECORD_BYTES: usize = u32::MAX as usize - (64 << 10);

/// The header of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BlockHeader {
    pub record_bytes: u32,
    pub stored_bytes: u32,
    pub records: u32,
    pub compression: Compression,
    pub checksum: u64,
}

/// The owner of a run file: a hash of the run's name and of the store that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner(u128);

impl Owner {
    /// The owner of the run `name` in the store with this number.
    pub(crate) fn of(store: u64, name: &str) -> Self {
        Owner(xxh3_128_with_seed(name.as_bytes(), store))
    }

    fn seed(self) -> u64 {
        self.0 as u64
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

pub(crate) fn header(partitions: u32, owner: Owner) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    header[..8].copy_from_slice(MAGIC);
    header[8..12].copy_from_slice(&partitions.to_le_bytes());
    header[16..32].copy_from_slice(&owner.0.to_le_bytes());
    let checksum = xxh3_64(&header[..32]);
    header[32..].copy_from_slice(&checksum.to_le_bytes());
    header
}

/// The number of partitions and the owner.
pub(crate) fn read_header(bytes: &[u8; HEADER_BYTES], path: &Path) -> Result<(u32, Owner)> {
    if &bytes[..8] != MAGIC {
        return Err(corrupt(path, 0, "magic", MAGIC.escape_ascii(), bytes[..8].escape_ascii()));
    }
    let (expected, got) = (u64_at(bytes, 32), xxh3_64(&bytes[..32]));
    if got != expected {
        let expected = format!("{expected:016x}");
        return Err(corrupt(path, 0, "header checksum", expected, format_args!("{got:016x}")));
    }
    let owner = u128::from_le_bytes(bytes[16..32].try_into().expect("sixteen bytes"));
    Ok((u32_at(bytes, 8), Owner(owner)))
}

/// Refuses a sound file of another owner.
pub(crate) fn verify_owner(expected: Owner, got: Owner, path: &Path) -> Result<()> {
    if got == expected { Ok(()) } else { Err(corrupt(path, 16, "owner", expected, got)) }
}

/// The place of a block, as owner and offset: its checksum depends on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub owner: Owner,
    pub offset: u64,
}

/// Fills in the header in front of a block: `block` is the header's room followed by the stored bytes.
pub(crate) fn seal_block(block: &mut [u8], record_bytes: u32, records: u32, compression: Compression, place: Place) {
    let stored_bytes = (block.len() - BLOCK_HEADER_BYTES) as u32;
    for (i, field) in [record_bytes, stored_bytes, records, codec(compression)].into_iter().enumerate() {
        block[4 * i..][..4].copy_from_slice(&field.to_le_bytes());
    }
    let checksum = block_checksum(&block[..16], &block[BLOCK_HEADER_BYTES..], place);
    block[16..BLOCK_HEADER_BYTES].copy_from_slice(&checksum.to_le_bytes());
}

pub(crate) fn read_block_header(bytes: &[u8; BLOCK_HEADER_BYTES], path: &Path, offset: u64) -> Result<BlockHeader> {
    let compression = match u32_at(bytes, 12) {
        0 => Compression::None,
        1 => Compression::Lz4,
        2 => Compression::Zstd,
        other => return Err(corrupt(path, offset, "block codec", "0, 1 or 2", other)),
    };
    Ok(BlockHeader {
        record_bytes: u32_at(bytes, 0),
        stored_bytes: u32_at(bytes, 4),
        records: u32_at(bytes, 8),
        compression,
        checksum: u64_at(bytes, 16),
    })
}

/// Refuses a block whose bytes are not those that were sealed, or were sealed for another place.
pub(crate) fn verify_block(
    header: &[u8; BLOCK_HEADER_BYTES],
    stored: &[u8],
    expected: u64,
    path: &Path,
    place: Place,
) -> Result<()> {
    let got = block_checksum(&header[..16], stored, place);
    if got == expected {
        return Ok(());
    }
    Err(corrupt(path, place.offset, "block checksum", format_args!("{expected:016x}"), format_args!("{got:016x}")))
}

fn block_checksum(header: &[u8], stored: &[u8], place: Place) -> u64 {
    // Everything but the stored bytes enters through the seed: one pass over one slice is the fast form of XXH3.
    xxh3_64_with_seed(stored, xxh3_64_with_seed(header, place.owner.seed().wrapping_add(place.offset)))
}

/// Index and footer of a run whose blocks end at `index_offset`.
pub(crate) fn index_and_footer(index: &[PartitionIndex], index_offset: u64, owner: Owner) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(index.len() * INDEX_ENTRY_BYTES + FOOTER_BYTES);
    for partition in index {
        for field in [partition.offset, partition.stored_bytes, partition.record_bytes, partition.records] {
            bytes.extend_from_slice(&field.to_le_bytes());
        }
    }
    let checksum = index_checksum(&bytes, index_offset, owner);
    bytes.extend_from_slice(&index_offset.to_le_bytes());
    bytes.extend_from_slice(&checksum.to_le_bytes());
    bytes.extend_from_slice(END_MAGIC);
    bytes
}

/// Reads the offset of the index and its checksum.
pub(crate) fn read_footer(bytes: &[u8; FOOTER_BYTES], path: &Path, offset: u64) -> Result<(u64, u64)> {
    if &bytes[16..] != END_MAGIC {
        return Err(corrupt(path, offset, "end magic", END_MAGIC.escape_ascii(), bytes[16..].escape_ascii()));
    }
    Ok((u64_at(bytes, 0), u64_at(bytes, 8)))
}

pub(crate) fn read_index(
    bytes: &[u8],
    index_offset: u64,
    expected_checksum: u64,
    owner: Owner,
    path: &Path,
) -> Result<Vec<PartitionIndex>> {
    let got = index_checksum(bytes, index_offset, owner);
    if got != expected_checksum {
        let expected = format_args!("{expected_checksum:016x}").to_string();
        return Err(corrupt(path, index_offset, "index checksum", expected, format_args!("{got:016x}")));
    }
    let partitions = bytes.chunks_exact(INDEX_ENTRY_BYTES).map(|entry| PartitionIndex {
        offset: u64_at(entry, 0),
        stored_bytes: u64_at(entry, 8),
        record_bytes: u64_at(entry, 16),
        records: u64_at(entry, 24),
    });
    Ok(partitions.collect())
}

fn index_checksum(index: &[u8], index_offset: u64, owner: Owner) -> u64 {
    let mut hasher = Xxh3Builder::new().with_seed(owner.seed()).build();
    hasher.update(index);
    hasher.update(&index_offset.to_le_bytes());
    hasher.digest()
}

/// Corrects all checksums of a file, as far as its footer says where the parts are.
#[cfg(fuzzing)]
pub(crate) fn seal_again(file: &mut [u8]) {
    let Some(footer) = file.len().checked_sub(FOOTER_BYTES).filter(|footer| *footer >= HEADER_BYTES) else { return };
    let owner = Owner(u128::from_le_bytes(file[16..32].try_into().expect("sixteen bytes")));
    let checksum = xxh3_64(&file[..32]);
    file[32..HEADER_BYTES].copy_from_slice(&checksum.to_le_bytes());
    let index_offset = u64_at(file, footer);
    let Some(index_start) = usize::try_from(index_offset).ok().filter(|start| *start <= footer) else { return };
    let partitions = file[index_start..footer].chunks_exact(INDEX_ENTRY_BYTES);
    let partitions: Vec<_> = partitions.map(|entry| (u64_at(entry, 0), u64_at(entry, 8))).collect();
    for (offset, stored_bytes) in partitions {
        let (mut at, end) = (offset as usize, offset.saturating_add(stored_bytes).min(index_offset) as usize);
        while let Some(payload) = at.checked_add(BLOCK_HEADER_BYTES).filter(|payload| *payload <= end) {
            let block_end = payload + u32_at(file, at + 4) as usize;
            if block_end > end {
                break;
            }
            let place = Place { owner, offset: at as u64 };
            let checksum = block_checksum(&file[at..at + 16], &file[payload..block_end], place);
            file[at + 16..payload].copy_from_slice(&checksum.to_le_bytes());
            at = block_end;
        }
    }
    let checksum = index_checksum(&file[index_start..footer], index_offset, owner);
    file[footer + 8..footer + 16].copy_from_slice(&checksum.to_le_bytes());
}

fn codec(compression: Compression) -> u32 {
    match compression {
        Compression::None => 0,
        Compression::Lz4 => 1,
        Compression::Zstd => 2,
    }
}

pub(crate) fn corrupt(
    path: &Path,
    offset: u64,
    what: &'static str,
    expected: impl ToString,
    got: impl ToString,
) -> Error {
    Error::Corrupt { path: path.to_owned(), offset, what, expected: expected.to_string(), got: got.to_string() }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}
