//! Texts of some classes: `class TAB words`. Words follow Zipf's law; a share of them is of the class's own.

use std::io;

use rand_core::RngCore;

use super::sampling::{AliasTable, below, zipf_weights};
use super::shape::Shape;
use super::words::vocabulary;
use super::writer::RecordWriter;

/// Classes of texts.
const CLASSES: u32 = 5;
/// Of so many words one is of the text's own class.
const OWN_EVERY: u32 = 6;
const LEAST_WORDS: u32 = 10;
const MOST_WORDS: u32 = 40;

/// Writes texts.
pub(super) fn write(shape: &Shape, rng: &mut impl RngCore, writer: &mut RecordWriter<'_>) -> io::Result<()> {
    let words = vocabulary(rng, shape.vocabulary_words);
    let popularity = AliasTable::new(zipf_weights(shape.vocabulary_words, shape.zipf_exponent, 0.0));
    while writer.wants_more() {
        writer.record(|block| {
            let class = below(rng, CLASSES);
            block.extend_from_slice(b"class");
            block.push(b'0' + class as u8);
            block.push(b'\t');
            for _ in 0..LEAST_WORDS + below(rng, MOST_WORDS - LEAST_WORDS + 1) {
                let drawn = popularity.draw(rng);
                // A class's own words are those whose ranks leave its number when they are divided by the number of
                // classes.
                let own = drawn - drawn % CLASSES + class;
                let word = if below(rng, OWN_EVERY) == 0 && own < shape.vocabulary_words { own } else { drawn };
                words[word as usize].append_spaced(block);
            }
            block.pop();
            block.push(b'\n');
        })?;
    }
    Ok(())
}
