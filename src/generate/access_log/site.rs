//! The requested site: its paths, and the pages that lead to them.

use rand_core::RngCore;

use super::super::sampling::{AliasTable, below, unit, zipf_weights};
use super::super::words::Word;

/// Distinct requests that a site answers.
pub(super) const PATHS: u32 = 4000;

const HOST: &str = "http://www.example.org";
/// Paths that every visit fetches, and which are therefore the most popular, with their bytes.
const COMMON: [(&str, u32); 8] = [
    ("/favicon.ico", 3638),
    ("/style.css", 4877),
    ("/reset.css", 1015),
    ("/images/logo.png", 6146),
    ("/", 37_932),
    ("/images/banner.png", 52_315),
    ("/?flav=rss20", 29_941),
    ("/robots.txt", 182),
];
/// The other paths: a share, a template in which `*` stands for a word, and the least and most bytes.
const SECTIONS: [(u32, &str, u32, u32); 7] = [
    (28, "/blog/*/*-*.html", 8000, 40_000),
    (14, "/articles/*-*/", 10_000, 60_000),
    (14, "/projects/*/", 6000, 40_000),
    (12, "/blog/tags/*", 9000, 50_000),
    (18, "/images/*.png", 1000, 200_000),
    (10, "/presentations/*-*/images/*.png", 5000, 500_000),
    (4, "/files/*/*.tar.gz", 20_000, 60_000_000),
];
const SEARCHES: u32 = 500;

/// A path and the bytes of its content.
pub(super) struct Path {
    pub(super) text: String,
    pub(super) bytes: u32,
}

/// The paths, from the most to the least popular.
pub(super) fn paths(rng: &mut impl RngCore) -> Vec<Path> {
    let sections = AliasTable::of_counts(SECTIONS.map(|(share, ..)| share));
    let mut paths: Vec<Path> = COMMON.map(|(text, bytes)| Path { text: text.to_owned(), bytes }).into();
    paths.extend((COMMON.len() as u32..PATHS).map(|_| {
        let (_, template, least, most) = SECTIONS[sections.draw(rng) as usize];
        let skewed = unit(rng) * unit(rng) * unit(rng);
        Path { text: fill(template, rng), bytes: least + (skewed * f64::from(most - least)) as u32 }
    }));
    paths
}

/// The referers of requests: none, a page of the site, or a search.
pub(super) struct Referers {
    texts: Vec<String>,
    popularity: AliasTable,
}

impl Referers {
    pub(super) fn draw(&self, rng: &mut impl RngCore) -> &str {
        &self.texts[self.popularity.draw(rng) as usize]
    }
}

/// Of the requests that browsers send, a fifth comes from nowhere and an eighth from searches.
pub(super) fn referers(rng: &mut impl RngCore, paths: &[Path]) -> Referers {
    let pages: Vec<String> = paths
        .iter()
        .filter(|path| path.text.ends_with('/') || path.text.ends_with(".html"))
        .map(|path| format!("{HOST}{}", path.text))
        .collect();
    let mut weights = vec![0.2];
    weights.extend(shares(0.675, zipf_weights(pages.len() as u32, 1.0, 2.0)));
    weights.extend(shares(0.125, zipf_weights(SEARCHES, 1.0, 2.0)));
    let mut texts = vec!["-".to_owned()];
    texts.extend(pages);
    texts.extend((0..SEARCHES).map(|_| fill("http://www.google.com/search?q=*+*", rng)));
    Referers { texts, popularity: AliasTable::new(weights) }
}

/// The weights, scaled to sum to `share`.
fn shares(share: f64, weights: Vec<f64>) -> impl Iterator<Item = f64> {
    let total: f64 = weights.iter().sum();
    weights.into_iter().map(move |weight| weight * share / total)
}

/// The template with a random word for every `*`.
fn fill(template: &str, rng: &mut impl RngCore) -> String {
    let mut text = String::with_capacity(template.len() + 32);
    for character in template.chars() {
        match character {
            '*' => {
                let letters = 3 + below(rng, 7) as usize;
                text.extend(Word::random(rng, letters).letters().iter().copied().map(char::from));
            }
            plain => text.push(plain),
        }
    }
    text
}
