//! Moves the cuts of files to where records begin, for formats whose readers could not find them there.

use std::sync::Arc;

use crate::error::Result;
use crate::input::format::InputFormat;
use crate::input::inputs::Inputs;
use crate::input::split::{FilePiece, Piece, Split};

/// Moves the cuts within the files of these splits to the beginning of the next record, where the format
/// [asks for it](InputFormat::BEGINS_AT_RECORDS). Pieces in which no record begins are dropped.
///
/// # Errors
/// Those of reading the files that are cut.
pub(crate) fn move_cuts<F: InputFormat>(splits: &mut Vec<Split>, inputs: &Inputs) -> Result<()> {
    if !F::BEGINS_AT_RECORDS {
        return Ok(());
    }
    let mut pieces: Vec<&mut FilePiece> =
        splits.iter_mut().flat_map(|split| &mut split.pieces).filter_map(of_file).collect();
    for pieces in pieces.chunk_by_mut(|one, next| Arc::ptr_eq(&one.file, &next.file)) {
        let cuts: Vec<u64> = pieces[1..].iter().map(|piece| piece.start).collect();
        if cuts.is_empty() {
            continue;
        }
        let beginnings = inputs.beginnings::<F>(&pieces[0].file, &cuts)?;
        for (at, begins) in beginnings.into_iter().enumerate() {
            let begins = begins.min(pieces[at].file.bytes);
            (pieces[at].end, pieces[at + 1].start) = (begins, begins);
        }
    }
    for split in &mut *splits {
        split
            .pieces
            .retain(|piece| !matches!(piece, Piece::File(piece) if piece.start > 0 && piece.start == piece.end));
    }
    splits.retain(|split| !split.pieces.is_empty());
    Ok(())
}

fn of_file(piece: &mut Piece) -> Option<&mut FilePiece> {
    match piece {
        Piece::File(piece) => Some(piece),
        Piece::Partition(_) | Piece::Invariant(_) => None,
    }
}
