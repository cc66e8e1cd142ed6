//! Text whose words follow Zipf's law, for word count, grep and sorting lines.
//!
//! A line has 5 to 15 words, ten in the mean. With the default vocabulary a word and its separator take about 7.84
//! bytes, so 512 MiB are some 68.5 million words on 6.8 million lines, and all 200,000 words occur.

use std::io;

use rand_core::RngCore;

use super::sampling::{AliasTable, below, zipf_weights};
use super::shape::Shape;
use super::words::vocabulary;
use super::writer::RecordWriter;

const LINE_WORDS_MIN: u32 = 5;
const LINE_WORDS_MAX: u32 = 15;

/// Writes lines of single-spaced words. To make a size exact, the last word is cut, or gets one letter more.
pub(super) fn write(shape: &Shape, rng: &mut impl RngCore, writer: &mut RecordWriter<'_>) -> io::Result<()> {
    let words = vocabulary(rng, shape.vocabulary_words);
    let popularity = AliasTable::new(zipf_weights(shape.vocabulary_words, shape.zipf_exponent, 0.0));
    while writer.wants_more() {
        let room = writer.bytes_left();
        writer.record(|block| {
            let start = block.len();
            for _ in 0..LINE_WORDS_MIN + below(rng, LINE_WORDS_MAX - LINE_WORDS_MIN + 1) {
                words[popularity.draw(rng) as usize].append_spaced(block);
            }
            block.pop();
            block.push(b'\n');
            if (block.len() - start) as u64 + 1 >= room {
                fit_last_line(block, start + room as usize);
            }
        })?;
    }
    Ok(())
}

/// Cuts or extends the line at the end of `block` so that the block ends at `end` with LF and no space before it.
fn fit_last_line(block: &mut Vec<u8>, end: usize) {
    block.pop();
    block.resize(end - 1, b'e');
    if let Some(last) = block.last_mut().filter(|last| **last == b' ') {
        *last = b'e';
    }
    block.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::super::{Kind, Shape, generated};
    use std::collections::HashMap;

    #[test]
    fn every_size_is_exact_and_ends_cleanly() {
        let mut shape = Shape::bytes(0);
        shape.vocabulary_words = 100;
        for bytes in 2..400 {
            shape.amount = super::super::Amount::Bytes(bytes);
            let text = generated(Kind::Text, &shape, 7);
            assert_eq!(text.len() as u64, bytes);
            let lines = text.strip_suffix(b"\n").expect("ends with LF");
            for word in lines.split(|byte| b" \n".contains(byte)) {
                assert!(!word.is_empty() && word.iter().all(u8::is_ascii_lowercase), "{bytes}");
            }
        }
    }

    #[test]
    fn words_and_lines_have_the_stated_lengths() {
        let text = String::from_utf8(generated(Kind::Text, &Shape::bytes(8 << 20), 1)).expect("ASCII");
        let words = text.split_ascii_whitespace().count() as f64;
        let lines = text.lines().count() as f64;
        let bytes = text.len() as f64;
        assert!((bytes / words - 7.84).abs() < 0.1, "{}", bytes / words);
        assert!((words / lines - 10.0).abs() < 0.05, "{}", words / lines);
        assert!(text.lines().all(|line| line.split(' ').count() <= 15));
    }

    #[test]
    fn word_counts_follow_zipf() {
        let mut shape = Shape::records(200_000);
        shape.vocabulary_words = 1000;
        let text = generated(Kind::Text, &shape, 1);
        let mut counts: HashMap<&[u8], f64> = HashMap::new();
        for word in text.split(|byte| b" \n".contains(byte)).filter(|word| !word.is_empty()) {
            *counts.entry(word).or_default() += 1.0;
        }
        assert_eq!(counts.len(), 1000);
        let mut counts: Vec<f64> = counts.into_values().collect();
        counts.sort_by(|a, b| b.total_cmp(a));
        for rank in [2, 10, 100] {
            let ratio = counts[0] / counts[rank - 1] / rank as f64;
            assert!((ratio - 1.0).abs() < 0.05, "rank {rank}: {ratio}");
        }
    }
}
