//! Paragraphs of a text: runs of lines that are not empty.
//!
//! If a file is cut, a paragraph belongs to the piece that it starts in. It starts after two line ends, or at the
//! beginning of the text.

use twinmill::prelude::*;
use twinmill::{InputFormat, PieceReader};

pub struct Paragraphs;

impl InputFormat for Paragraphs {
    type Record<'a> = Record<'a>;

    fn offset(paragraph: &Record<'_>) -> u64 {
        paragraph.offset()
    }

    fn read(piece: PieceReader<'_>, mut each: impl FnMut(Record<'_>) -> Result<()>) -> Result<()> {
        piece.read_file(|chunks| {
            // Two line ends, and a byte order mark before the text.
            chunks.look_back(2 + 3);
            if chunks.offset() == 0 {
                chunks.skip_mark()?;
            } else {
                chunks.skip_past(b"\n\n")?;
            }
            while chunks.has_more()? {
                match chunks.unread().iter().take_while(|byte| **byte == b'\n').count() {
                    0 => {
                        let length = chunks.find(b"\n\n")?.unwrap_or(chunks.unread().len());
                        chunks.window().hand(0..length, &mut each)?;
                        chunks.consume(length);
                    }
                    empty_lines => chunks.consume(empty_lines),
                }
            }
            Ok(())
        })
    }
}
