//! Lines of text.

use crate::error::Result;
use crate::input::chunks::{Chunks, PieceReader, Record};
use crate::input::format::InputFormat;

/// Text: one record a line. Lines end with LF, which is not part of the record; a CR before it is. The last line may lack
/// its LF.
#[derive(Clone, Copy, Debug)]
pub struct Lines;

impl InputFormat for Lines {
    type Record<'a> = Record<'a>;

    #[inline(always)]
    fn offset(record: &Record<'_>) -> u64 {
        record.offset()
    }

    fn read(piece: PieceReader<'_>, each: impl FnMut(Record<'_>) -> Result<()>) -> Result<()> {
        piece.read_file(|chunks| lines(chunks, each))
    }
}

fn lines(chunks: &mut Chunks<'_>, mut each: impl FnMut(Record<'_>) -> Result<()>) -> Result<()> {
    if chunks.offset() == 0 {
        chunks.skip_mark()?;
    } else {
        // The line that covers the byte before the piece belongs to the piece before.
        chunks.look_back(1);
        if !chunks.skip_past(b"\n")? {
            return Ok(());
        }
    }
    // Number of unread bytes that were searched and have no end of a line.
    let mut searched = 0;
    loop {
        let window = chunks.window();
        if !window.owns(0) {
            return Ok(());
        }
        let bytes = window.bytes();
        let mut line_start = 0;
        for newline in memchr::memchr_iter(b'\n', &bytes[searched..]) {
            let newline = searched + newline;
            if !window.owns(line_start) {
                return Ok(());
            }
            window.hand(line_start..newline, &mut each)?;
            line_start = newline + 1;
        }
        if chunks.at_end() {
            let last = line_start..bytes.len();
            return if last.is_empty() { Ok(()) } else { window.hand(last, each) };
        }
        chunks.consume(line_start);
        searched = chunks.unread().len();
        chunks.fill_until(b'\n')?;
    }
}
