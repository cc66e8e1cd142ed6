//! Makes an input smaller as long as something about it holds: Zeller and Hildebrandt's delta debugging, first on
//! lines, then on the words of each line that is left.

use std::time::Instant;

use crate::check::sample::Sample;
use crate::error::Result;

/// The smallest input that was found.
#[derive(Debug)]
pub(super) struct Shrunk {
    pub sample: Sample,
    /// Inputs that were tried.
    pub tried: usize,
    /// Whether the time was used up before everything was tried.
    pub hurried: bool,
}

/// Removes lines and words of a sample until nothing more can be removed, or the time is up.
pub(super) fn shrink(sample: &Sample, until: Instant, holds: impl FnMut(&Sample) -> Result<bool>) -> Result<Shrunk> {
    let mut search = Search { holds, until, tried: 0, hurried: false };
    let mut smallest = sample.clone();
    let places: Vec<(usize, usize)> = sample
        .files
        .iter()
        .enumerate()
        .flat_map(|(file, of)| (0..of.lines.len()).map(move |line| (file, line)))
        .collect();
    let with_lines = |kept: &[(usize, usize)]| {
        let mut smaller = sample.clone();
        smaller.files.iter_mut().for_each(|file| file.lines.clear());
        kept.iter().for_each(|(file, line)| smaller.files[*file].lines.push(sample.files[*file].lines[*line].clone()));
        smaller
    };
    let kept = search.reduce(places, |kept| with_lines(kept))?;
    if kept.len() < sample.lines() {
        smallest = with_lines(&kept);
    }
    for file in 0..smallest.files.len() {
        for line in 0..smallest.files[file].lines.len() {
            let whole = &smallest.files[file].lines[line];
            let end = if whole.ends_with(b"\n") { &b"\n"[..] } else { b"" };
            let words = words(&whole[..whole.len() - end.len()]);
            let of = smallest.clone();
            let with_words = |kept: &[Vec<u8>]| {
                let mut smaller = of.clone();
                smaller.files[file].lines[line] = [&kept.concat(), end].concat();
                smaller
            };
            let count = words.len();
            let kept = search.reduce(words, |kept| with_words(kept))?;
            if kept.len() < count {
                smallest = with_words(&kept);
            }
        }
    }
    Ok(Shrunk { sample: smallest, tried: search.tried, hurried: search.hurried })
}

/// The words of a line without its end, each with the space or TAB before it.
fn words(line: &[u8]) -> Vec<Vec<u8>> {
    let (mut words, mut word) = (Vec::new(), Vec::new());
    for byte in line {
        if matches!(byte, b' ' | b'\t') && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        word.push(*byte);
    }
    words.push(word);
    words
}

struct Search<H> {
    holds: H,
    until: Instant,
    tried: usize,
    hurried: bool,
}

impl<H: FnMut(&Sample) -> Result<bool>> Search<H> {
    /// Removes stretches of items, shorter and shorter ones, as long as what is left holds.
    fn reduce<T: Clone>(&mut self, mut items: Vec<T>, with: impl Fn(&[T]) -> Sample) -> Result<Vec<T>> {
        let mut stretch = items.len().div_ceil(2);
        while stretch > 0 && items.len() > 1 {
            let (mut start, before) = (0, items.len());
            while start < items.len() && items.len() > 1 {
                if Instant::now() >= self.until {
                    self.hurried = true;
                    return Ok(items);
                }
                let end = items.len().min(start + stretch);
                let rest = [&items[..start], &items[end..]].concat();
                self.tried += 1;
                if !rest.is_empty() && (self.holds)(&with(&rest))? {
                    items = rest;
                } else {
                    start = end;
                }
            }
            // Single items are tried until none of them can go.
            stretch =
                if stretch > 1 { stretch.div_ceil(2).min(stretch - 1) } else { usize::from(items.len() < before) };
        }
        Ok(items)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn later() -> Instant {
        Instant::now() + Duration::from_secs(60)
    }

    #[test]
    fn what_does_not_matter_is_removed() {
        let text: String = (0..300).map(|i| format!("line {i} with some words\n")).collect();
        let holds = |sample: &Sample| {
            let text = sample.text();
            Ok(text.contains(" 17 with") && text.contains("line 203"))
        };
        let shrunk = shrink(&Sample::of_text(&text), later(), holds).unwrap();
        assert_eq!(shrunk.sample.text(), " 17 with\nline 203\n");
        assert!(!shrunk.hurried && shrunk.tried < 200, "{}", shrunk.tried);
    }

    #[test]
    fn when_the_time_is_up_the_smallest_input_so_far_is_returned() {
        let sample = Sample::of_text("a\nb\n");
        let shrunk = shrink(&sample, Instant::now(), |_| Ok(true)).unwrap();
        assert!(shrunk.hurried && shrunk.tried == 0 && shrunk.sample == sample);
    }
}
