//! Documents whose words follow Zipf's law, for an inverted index and for weights of terms.
//!
//! All documents share a vocabulary, and each has a topic: three words in ten are drawn from every hundredth word of the
//! vocabulary, beginning with the topic's own, so that a topic's words are frequent in its documents and rare in others. A
//! document has from 32 to about 4,000 lines, half of them less than 400. A line is a sentence: it begins with a capital
//! letter and ends with a full stop, and some words are followed by a comma.

use std::io;

use rand_core::RngCore;

use super::sampling::{AliasTable, below, zipf_weights};
use super::shape::Shape;
use super::words::{Word, vocabulary};
use super::writer::RecordWriter;

const TOPICS: u32 = 100;
/// Words of a hundred that belong to the topic.
const TOPIC_PERCENT: u32 = 30;
/// Words of a hundred that a comma follows.
const COMMA_PERCENT: u32 = 8;
const LINE_WORDS_MIN: u32 = 5;
const LINE_WORDS_MAX: u32 = 15;
const LINES_MIN: u32 = 32;
/// Number of times that the least number of lines may be doubled, and one more.
const DOUBLINGS: u32 = 7;

/// Writes one document after another, each as a file of its own where files are asked for.
pub(super) fn write(shape: &Shape, rng: &mut impl RngCore, writer: &mut RecordWriter<'_>) -> io::Result<()> {
    let words = vocabulary(rng, shape.vocabulary_words);
    let popularity = AliasTable::new(zipf_weights(shape.vocabulary_words, shape.zipf_exponent, 0.0));
    let mut number = 0;
    while writer.wants_more() {
        writer.begin_file(&format!("document-{number:05}.txt"))?;
        number += 1;
        let topic = below(rng, TOPICS);
        let most = LINES_MIN << below(rng, DOUBLINGS);
        let lines = most + below(rng, most);
        for _ in 0..lines {
            if !writer.wants_more() {
                return Ok(());
            }
            writer.record(|block| {
                let start = block.len();
                for _ in 0..LINE_WORDS_MIN + below(rng, LINE_WORDS_MAX - LINE_WORDS_MIN + 1) {
                    draw(rng, &words, &popularity, topic).append_spaced(block);
                    if below(rng, 100) < COMMA_PERCENT {
                        block.pop();
                        block.extend_from_slice(b", ");
                    }
                }
                block[start].make_ascii_uppercase();
                while block.last().is_some_and(|byte| b", ".contains(byte)) {
                    block.pop();
                }
                block.extend_from_slice(b".\n");
            })?;
        }
    }
    Ok(())
}

/// Draws a word, of the topic or of all.
fn draw<'a>(rng: &mut impl RngCore, words: &'a [Word], popularity: &AliasTable, topic: u32) -> &'a Word {
    let of_topic = below(rng, 100) < TOPIC_PERCENT;
    let rank = popularity.draw(rng) as usize;
    let place = if of_topic { rank * TOPICS as usize + topic as usize } else { rank };
    &words[place % words.len()]
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::io::{self, Write};

    use super::super::{Files, Kind, Shape, generate_files, generated};

    /// Files in memory.
    #[derive(Default)]
    struct Kept(Vec<(String, Vec<u8>)>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.last_mut().expect("a file was begun").1.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Files for Kept {
        fn begin(&mut self, name: &str) -> io::Result<()> {
            self.0.push((name.to_owned(), Vec::new()));
            Ok(())
        }
    }

    fn documents(bytes: u64) -> Vec<(String, String)> {
        let mut kept = Kept::default();
        generate_files(Kind::Documents, &Shape::bytes(bytes), 1, &mut kept).unwrap();
        kept.0.into_iter().map(|(name, text)| (name, String::from_utf8(text).expect("ASCII"))).collect()
    }

    #[test]
    fn a_document_is_a_file_of_sentences() {
        let documents = documents(1 << 20);
        assert!(documents.len() > 5 && documents[3].0 == "document-00003.txt");
        for (name, text) in &documents {
            assert!(text.lines().count() < 4096, "{name}");
            for line in text.lines() {
                assert!(line.starts_with(|c: char| c.is_ascii_uppercase()) && line.ends_with('.'), "{line}");
            }
        }
        let all: String = documents.into_iter().map(|(_, text)| text).collect();
        assert_eq!(all.into_bytes(), generated(Kind::Documents, &Shape::bytes(1 << 20), 1));
    }

    #[test]
    fn documents_differ_in_their_frequent_words() {
        let documents = documents(1 << 20);
        let frequent = |text: &str| {
            let mut counts: HashMap<String, u32> = HashMap::new();
            for word in text.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty()) {
                *counts.entry(word.to_ascii_lowercase()).or_default() += 1;
            }
            let mut counts: Vec<_> = counts.into_iter().collect();
            counts.sort_by_key(|(word, count)| (std::cmp::Reverse(*count), word.clone()));
            counts.into_iter().take(20).map(|(word, _)| word).collect::<Vec<_>>()
        };
        let longest: Vec<_> = documents.iter().filter(|(_, text)| text.len() > 50_000).collect();
        let (one, other) = (frequent(&longest[0].1), frequent(&longest[1].1));
        let common = one.iter().filter(|word| other.contains(word)).count();
        assert!((3..18).contains(&common), "{one:?} {other:?}");
    }
}
