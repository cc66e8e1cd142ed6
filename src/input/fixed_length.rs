//! Records of one length.

use crate::error::{Error, Result};
use crate::input::chunks::{Chunks, PieceReader, Record};
use crate::input::format::InputFormat;

/// The error of a file that has `rest` bytes after its last complete record of `len` bytes.
pub(crate) fn torn_record(rest: usize, len: usize) -> Error {
    Error::wrong_input(format!("the file ends after {rest} bytes of a record of {len} bytes"))
}

/// Records of `N` bytes each, one after another.
#[derive(Clone, Copy, Debug)]
pub struct FixedLength<const N: usize>;

impl<const N: usize> InputFormat for FixedLength<N> {
    type Record<'a> = Record<'a>;

    const SPLIT_ALIGNMENT: u64 = N as u64;

    #[inline(always)]
    fn offset(record: &Record<'_>) -> u64 {
        record.offset()
    }

    fn read(piece: PieceReader<'_>, each: impl FnMut(Record<'_>) -> Result<()>) -> Result<()> {
        piece.read_file(|chunks| records_of(N, chunks, each))
    }
}

#[inline(always)]
fn records_of(len: usize, chunks: &mut Chunks<'_>, mut each: impl FnMut(Record<'_>) -> Result<()>) -> Result<()> {
    loop {
        let window = chunks.window();
        let rest = window.bytes().len() % len;
        let whole = window.bytes().len() - rest;
        for start in (0..whole).step_by(len) {
            if !window.owns(start) {
                return Ok(());
            }
            window.hand(start..start + len, &mut each)?;
        }
        if !window.owns(whole) || (chunks.at_end() && (rest == 0 || chunks.is_cut_off())) {
            return Ok(());
        }
        if chunks.at_end() {
            return Err(window.error_at(whole, torn_record(rest, len)));
        }
        chunks.consume(whole);
        chunks.fill()?;
    }
}
