//! Keys of several cells, whose byte order is the order of the cells, the first one first.
//!
//! ```text
//! one cell       the cell
//! several        each but the last as part of a tuple: its bytes, 00 as 00 FF, then 00 01; the last one as it is
//! ```
//!
//! A job has as many cells in all its keys, so one key is never the beginning of another by mistake.

use twinmill::prelude::*;
use twinmill::record::key::first_part_len;
use twinmill::record::{Key, ToKey};

use crate::jobs::table::cells::{Cells, write_cell};

/// The key of these columns: in `scratch`, unless it is one cell.
#[inline]
pub fn encode<'k>(cells: &Cells<'k>, columns: &[usize], scratch: &'k mut Vec<u8>) -> &'k [u8] {
    let Some((last, others)) = columns.split_last() else { return &[] };
    if others.is_empty() {
        return cells.get(*last);
    }
    scratch.clear();
    for column in others {
        ToKey::<Vec<u8>>::encode_part(cells.get(*column), scratch);
    }
    scratch.extend_from_slice(cells.get(*last));
    scratch
}

/// The length of the first part of a tuple, which makes a group where the rest is the order within it.
pub fn group_len(key: &[u8]) -> usize {
    first_part_len::<Vec<u8>>(key).unwrap_or(key.len())
}

/// The cells of a key.
///
/// # Errors
/// A key that has fewer.
pub fn decode(mut key: &[u8], cells: usize) -> Result<Vec<Vec<u8>>> {
    let mut decoded = Vec::with_capacity(cells);
    for _ in 1..cells {
        decoded.push(<Vec<u8> as Key>::decode_part(&mut key)?);
    }
    if cells > 0 {
        decoded.push(key.to_vec());
    }
    Ok(decoded)
}

/// Appends a key as it stands in the output: its cells with TABs in between.
///
/// # Errors
/// Those of [`decode`].
pub fn write(key: &[u8], cells: usize, out: &mut Vec<u8>) -> Result<()> {
    if cells == 1 {
        write_cell(key, out);
        return Ok(());
    }
    for (at, cell) in decode(key, cells)?.iter().enumerate() {
        if at > 0 {
            out.push(b'\t');
        }
        write_cell(cell, out);
    }
    Ok(())
}
