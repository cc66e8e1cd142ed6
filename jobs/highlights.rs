//! What people want to see of an output that is long, or whose numbers are.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use twinmill::prelude::*;
use twinmill::program::{Highlights, Output};

use crate::jobs::shown::Shown;

/// Rows that are shown.
pub const ROWS: usize = 10;

/// A number, its place among all of them, which is less for what came later, and the key that it belongs to.
type Offer<N> = (N, Reverse<u64>, Vec<u8>);

/// The records of the largest numbers, the largest first; of equal numbers, those that came first.
pub struct Largest<N> {
    /// The smallest is on top.
    heap: BinaryHeap<Reverse<Offer<N>>>,
    seen: u64,
}

impl<N: Ord + Copy> Largest<N> {
    pub fn new() -> Self {
        Largest { heap: BinaryHeap::new(), seen: 0 }
    }

    pub fn offer(&mut self, number: N, key: &[u8]) {
        let place = Reverse(self.seen);
        self.seen += 1;
        let is_full = self.heap.len() == ROWS;
        if is_full && self.heap.peek().is_some_and(|Reverse((least, ..))| number <= *least) {
            return;
        }
        if is_full {
            self.heap.pop();
        }
        self.heap.push(Reverse((number, place, key.to_owned())));
    }

    /// Number of records that were offered.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    pub fn into_sorted(self) -> Vec<(N, String)> {
        let sorted = self.heap.into_sorted_vec();
        sorted.into_iter().map(|Reverse((number, _, key))| (number, text(&key))).collect()
    }
}

/// A number that can be compared with any other: not NaN.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Finite(pub f64);

impl Eq for Finite {}

impl PartialOrd for Finite {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Finite {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// The records with the largest numbers, under these heads: what a record is called, what its number is.
///
/// # Errors
/// Those of reading the output; a value that is no number.
pub fn largest_numbers(output: &Output<'_>, records: &str, heads: [&str; 2]) -> Result<Highlights> {
    let mut largest = Largest::new();
    output.each_record(|key, value| {
        largest.offer(Finite(number(value)?), key);
        Ok(())
    })?;
    let heading = first_of(largest.seen(), records, &format!("highest {}", heads[1]));
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    rows.extend(largest.into_sorted().into_iter().map(|(Finite(number), key)| vec![key, significant(number)]));
    Ok(Highlights { heading, rows })
}

/// The weights of a model, the intercept's first; of many those that are farthest from 0.
///
/// # Errors
/// Those of reading the output; a value that is no number.
pub fn show_weights(output: &Output<'_>) -> Result<Highlights> {
    const ALL: usize = 2 * ROWS;
    let mut weights = Vec::new();
    output.each_record(|index, weight| {
        weights.push((text(index), number(weight)?));
        Ok(())
    })?;
    let of = weights.len();
    let heading = if of > ALL {
        weights.sort_by(|(_, one), (_, other)| other.abs().total_cmp(&one.abs()));
        weights.truncate(ROWS);
        format!("The {ROWS} weights of {of} that are farthest from 0:")
    } else {
        format!("{of} weights, the intercept first:")
    };
    let mut rows = vec![["feature", "weight"].map(str::to_owned).to_vec()];
    rows.extend(weights.into_iter().map(|(index, weight)| {
        let feature = if index == "0" { "intercept".to_owned() } else { index };
        vec![feature, significant(weight)]
    }));
    Ok(Highlights { heading, rows })
}

/// `The 10 of 250,000 nodes with the highest rank`, or `4 nodes, highest rank first`.
pub fn first_of(all: u64, records: &str, order: &str) -> String {
    if all <= ROWS as u64 {
        format!("{all} {records}, {order} first:")
    } else {
        format!("The {ROWS} of {} {records} with the {order}:", grouped(all))
    }
}

/// A count with its thousands apart.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap_or("")).collect();
    groups.join(",")
}

/// A field as a number.
///
/// # Errors
/// One that is none.
pub fn number(text: &[u8]) -> Result<f64> {
    let number = std::str::from_utf8(text).ok().and_then(|text| text.trim().parse().ok());
    number.ok_or_else(|| {
        Error::user(format!("{} is no number; the value of a record is all behind its first TAB", Shown(text)))
    })
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Four significant digits, or all of an integer.
pub fn significant(value: f64) -> String {
    let magnitude = value.abs();
    if value.fract() == 0.0 && magnitude < 1e15 {
        let digits = grouped(magnitude as u64);
        return if value < 0.0 { format!("-{digits}") } else { digits };
    }
    if !(1e-3..1e6).contains(&magnitude) {
        return format!("{value:.3e}");
    }
    let before = magnitude.log10().floor() as i32;
    let decimals = usize::try_from(3 - before).unwrap_or(0);
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_largest_come_first_and_of_equals_the_earlier() {
        let mut largest = super::Largest::new();
        for (i, number) in [3u64, 9, 1, 9, 5].into_iter().cycle().take(25).enumerate() {
            largest.offer(number, i.to_string().as_bytes());
        }
        assert_eq!(largest.seen(), 25);
        let sorted = largest.into_sorted();
        let keys: Vec<&str> = sorted.iter().map(|(_, key)| key.as_str()).collect();
        assert_eq!(keys, ["1", "3", "6", "8", "11", "13", "16", "18", "21", "23"]);
        assert!(sorted.iter().all(|(number, _)| *number == 9));
    }

    #[test]
    fn numbers_have_four_digits() {
        for (value, text) in [
            (0.0, "0"),
            (1234567.0, "1,234,567"),
            (-3.0, "-3"),
            (0.0123456, "0.01235"),
            (12.3456, "12.35"),
            (-654321.7, "-654322"),
            (1.23456e-5, "1.235e-5"),
            (1.5e9 + 0.5, "1.500e9"),
        ] {
            assert_eq!(super::significant(value), text);
        }
    }

    #[test]
    fn a_value_that_is_no_number_is_named() {
        assert_eq!(super::number(b" 2.50 ").unwrap(), 2.5);
        for (value, shown) in [(&b"b\t67"[..], "'b\\t67'"), (b"", "''"), (b"\xff", "\\xff")] {
            let error = super::number(value).unwrap_err().to_string();
            assert!(error.contains(shown) && error.contains("is no number"), "{error}");
        }
    }

    #[test]
    fn few_records_are_all_there() {
        assert_eq!(super::first_of(3, "nodes", "highest rank"), "3 nodes, highest rank first:");
        assert_eq!(super::first_of(1234, "nodes", "highest rank"), "The 10 of 1,234 nodes with the highest rank:");
    }
}
