//! The label column of a table, which says to which of two classes a row belongs.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use twinmill::prelude::*;

use crate::jobs::shown::{Shown, wrong_line};
use crate::jobs::table::columns::Column;
use crate::jobs::table::numbers::number;

/// Most labels that a block remembers, and that messages can name; tables with two classes have two.
const KNOWN: usize = 16;
/// Labels of each class that messages name.
const NAMED: usize = 5;

/// The label's column, and the positive label: every other one is negative.
#[derive(Clone, Debug)]
pub struct Label {
    pub column: Column,
    pub positive: String,
}

/// Tells positive labels from negative ones, and remembers which ones it has seen.
#[derive(Clone, Debug)]
pub struct Labels {
    column: usize,
    positive: String,
    /// `1` matches `1.0` too.
    positive_number: Option<f64>,
    /// The label of a row without one.
    null: Vec<u8>,
    seen: Arc<Mutex<Seen>>,
}

/// Labels that rows have: of each class the first ones in byte order, so that they do not depend on which task saw them
/// first.
#[derive(Debug, Default)]
struct Seen {
    positive: Names,
    negative: Names,
}

#[derive(Debug, Default)]
struct Names {
    first: BTreeSet<Box<[u8]>>,
    more: bool,
}

/// The labels that one block has seen.
#[derive(Clone, Debug, Default)]
pub struct KnownLabels {
    labels: Vec<(Box<[u8]>, bool)>,
    /// Number of them that are already among the labels of all blocks.
    told: usize,
}

impl Labels {
    /// The labels in a column, counted from 1.
    pub fn new(column: usize, positive: &str, null: &[u8]) -> Self {
        let positive_number = number(positive.as_bytes());
        Labels { column, positive: positive.to_owned(), positive_number, null: null.to_vec(), seen: Arc::default() }
    }

    /// Whether the label of a line is the positive one.
    ///
    /// # Errors
    /// A label that is empty.
    pub fn is_positive(&self, label: &[u8], line: &[u8], known: &mut KnownLabels) -> Result<bool> {
        match known.labels.iter().find(|(text, _)| **text == *label) {
            Some((_, positive)) => Ok(*positive),
            None => self.learn(label, line, known),
        }
    }

    #[cold]
    fn learn(&self, label: &[u8], line: &[u8], known: &mut KnownLabels) -> Result<bool> {
        let column = self.column;
        if label.is_empty() {
            return Err(wrong_line(line, format_args!("column {column}: the label is empty"), ""));
        }
        if label == self.null {
            return Err(wrong_line(line, format_args!("column {column}: the row has no label: {}", Shown(label)), ""));
        }
        let by_number = || self.positive_number.is_some() && number(label) == self.positive_number;
        let positive = label == self.positive.as_bytes() || by_number();
        if known.labels.len() < KNOWN {
            known.labels.push((label.into(), positive));
        }
        Ok(positive)
    }

    /// Remembers the labels that a sound row has added, and forgets those of a bad one.
    #[inline]
    pub fn settle(&self, known: &mut KnownLabels, row_is_sound: bool) {
        if known.labels.len() > known.told {
            self.settle_new(known, row_is_sound);
        }
    }

    #[cold]
    fn settle_new(&self, known: &mut KnownLabels, row_is_sound: bool) {
        if !row_is_sound {
            return known.labels.truncate(known.told);
        }
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        for (label, positive) in &known.labels[known.told..] {
            let names = if *positive { &mut seen.positive } else { &mut seen.negative };
            names.first.insert(label.clone());
            names.more |= names.first.len() > NAMED;
            if names.more {
                names.first.pop_last();
            }
        }
        known.told = known.labels.len();
    }

    /// Says in a sentence how many rows each class has.
    ///
    /// # Errors
    /// Rows that are all of one class.
    pub fn classes(&self, positive: u64, rows: u64) -> Result<String> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = Shown(self.positive.as_bytes());
        if positive == 0 {
            return Err(Error::user(format!(
                "no label is {wanted}, so no row is of the positive class; the labels, in column {}, are {}; say which \
                 one is positive with --positive VALUE",
                self.column,
                seen.negative.list()
            )));
        }
        if positive == rows {
            return Err(Error::user(format!(
                "every label is {wanted}, so no row is of the negative class and there is nothing to tell apart; the \
                 labels, in column {}, are {}; --positive VALUE says which one is positive, --label-column N where they are",
                self.column,
                seen.positive.list()
            )));
        }
        let (one, other) = (seen.positive.list(), seen.negative.list());
        Ok(format!(
            "of {rows} rows {positive} are positive, labelled {one}; {} negative, labelled {other}",
            rows - positive
        ))
    }
}

impl Names {
    fn list(&self) -> String {
        let names: Vec<String> = self.first.iter().map(|name| Shown(name).to_string()).collect();
        names.join(", ") + if self.more { " and others" } else { "" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(positive: &str) -> Labels {
        Labels::new(1, positive, b"NA")
    }

    fn see(labels: &Labels, known: &mut KnownLabels, label: &str) -> Result<bool> {
        let positive = labels.is_positive(label.as_bytes(), label.as_bytes(), known);
        labels.settle(known, positive.is_ok());
        positive
    }

    #[test]
    fn a_label_matches_by_its_text_or_by_its_number() {
        let mut known = KnownLabels::default();
        let number = labels("1");
        for (label, positive) in [("1", true), ("1.0", true), ("+1", true), ("1e0", true), ("0", false), ("one", false)]
        {
            assert_eq!(see(&number, &mut known, label).unwrap(), positive, "{label}");
            assert_eq!(see(&number, &mut known, label).unwrap(), positive, "{label}, once more");
        }
        let (text, mut known) = (labels("yes"), KnownLabels::default());
        assert!(see(&text, &mut known, "yes").unwrap() && !see(&text, &mut known, "Yes").unwrap());
        assert!(see(&text, &mut known, "").unwrap_err().to_string().contains("the label is empty"));
        assert!(see(&text, &mut known, "NA").unwrap_err().to_string().contains("the row has no label: 'NA'"));
    }

    #[test]
    fn rows_of_one_class_are_refused_with_the_labels_that_there_are() {
        let labels = labels("1");
        let mut known = KnownLabels::default();
        for label in ["yes", "no"] {
            assert!(!see(&labels, &mut known, label).unwrap());
        }
        let error = labels.classes(0, 2).unwrap_err().to_string();
        assert!(error.contains("in column 1, are 'no', 'yes';") && error.contains("--positive VALUE"), "{error}");
        assert!(labels.classes(2, 2).unwrap_err().to_string().contains("every label is '1'"));
    }

    #[test]
    fn of_many_labels_the_first_ones_are_named_whoever_saw_them() {
        for blocks in [["a b c d", "e f g h"], ["h g e f", "d a b c"]] {
            let labels = labels("1");
            for block in blocks {
                let mut known = KnownLabels::default();
                for label in block.split(' ').chain(["1"]) {
                    see(&labels, &mut known, label).unwrap();
                }
            }
            let expected =
                "of 10 rows 2 are positive, labelled '1'; 8 negative, labelled 'a', 'b', 'c', 'd', 'e' and others";
            assert_eq!(labels.classes(2, 10).unwrap(), expected);
        }
    }

    #[test]
    fn the_label_of_a_bad_row_is_not_remembered() {
        let (labels, mut known) = (labels("1"), KnownLabels::default());
        assert!(!labels.is_positive(b"title", b"title", &mut known).unwrap());
        labels.settle(&mut known, false);
        see(&labels, &mut known, "1").unwrap();
        see(&labels, &mut known, "0").unwrap();
        assert!(!labels.classes(1, 2).unwrap().contains("title"));
    }

    #[test]
    fn more_labels_than_a_block_knows_are_told_apart_all_the_same() {
        let (labels, mut known) = (labels("99"), KnownLabels::default());
        for label in 0..100 {
            assert_eq!(see(&labels, &mut known, &label.to_string()).unwrap(), label == 99, "{label}");
        }
    }
}
