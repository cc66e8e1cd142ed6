//! `-reducer aggregate`: keys `TYPE:id` say what becomes of their values.
//!
//! | type | report |
//! |---|---|
//! | LongValueSum, LongValueMax, LongValueMin | a whole number |
//! | DoubleValueSum | a number as Java prints it |
//! | StringValueMax, StringValueMin | the greatest, the least text |
//! | UniqValueCount | number of different values |
//! | ValueHistogram | of the counts of the values: how many, least, median, greatest, mean, standard deviation |

use std::collections::{BTreeMap, HashSet};

use crate::error::{Error, Result};
use crate::streaming::java_text;

/// An aggregate of the values of one key.
#[derive(Debug)]
pub enum Aggregate {
    LongSum(i64),
    LongMax(i64),
    LongMin(i64),
    DoubleSum(f64),
    TextMax(Option<Vec<u8>>),
    TextMin(Option<Vec<u8>>),
    Unique(HashSet<Vec<u8>>),
    Histogram(BTreeMap<Vec<u8>, i64>),
}

impl Aggregate {
    /// The aggregate that a key names.
    ///
    /// # Errors
    /// [`Error::WrongInput`] where it names none.
    pub fn of_key(key: &[u8]) -> Result<Self> {
        let text = java_text::decode(key);
        let name = text.split_once(':').map(|(name, _)| name.to_ascii_lowercase());
        Ok(match name.as_deref() {
            Some("longvaluesum") => Aggregate::LongSum(0),
            Some("longvaluemax") => Aggregate::LongMax(i64::MIN),
            Some("longvaluemin") => Aggregate::LongMin(i64::MAX),
            Some("doublevaluesum") => Aggregate::DoubleSum(0.0),
            Some("stringvaluemax") => Aggregate::TextMax(None),
            Some("stringvaluemin") => Aggregate::TextMin(None),
            Some("uniqvaluecount") => Aggregate::Unique(HashSet::new()),
            Some("valuehistogram") => Aggregate::Histogram(BTreeMap::new()),
            _ => {
                return Err(Error::wrong_input(format!(
                    "-reducer aggregate: the key \"{text}\" must be TYPE:id, with a TYPE of LongValueSum, LongValueMax, \
                     LongValueMin, DoubleValueSum, StringValueMax, StringValueMin, UniqValueCount, ValueHistogram"
                )));
            }
        })
    }

    /// The id of a key `TYPE:id`.
    pub fn id(key: &[u8]) -> &[u8] {
        memchr::memchr(b':', key).map_or(key, |colon| &key[colon + 1..])
    }

    /// Adds a value.
    ///
    /// # Errors
    /// [`Error::Codec`] where it is no number and should be.
    pub fn add(&mut self, value: &[u8]) -> Result<()> {
        match self {
            Aggregate::LongSum(sum) => *sum = sum.wrapping_add(long(value)?),
            Aggregate::LongMax(most) => *most = (*most).max(long(value)?),
            Aggregate::LongMin(least) => *least = (*least).min(long(value)?),
            Aggregate::DoubleSum(sum) => {
                let text = std::str::from_utf8(value).unwrap_or_default().trim();
                *sum += text.parse::<f64>().map_err(|_| Error::codec("a number", value))?;
            }
            Aggregate::TextMax(most) => {
                if most.as_deref().is_none_or(|most| most < value) {
                    *most = Some(value.to_vec());
                }
            }
            Aggregate::TextMin(least) => {
                if least.as_deref().is_none_or(|least| least > value) {
                    *least = Some(value.to_vec());
                }
            }
            Aggregate::Unique(values) => drop(values.insert(value.to_vec())),
            Aggregate::Histogram(counts) => {
                let (value, count) = match memchr::memrchr(b'\t', value) {
                    Some(tab) => (&value[..tab], long(&value[tab + 1..])?),
                    None => (value, 1),
                };
                *counts.entry(value.to_vec()).or_default() += count;
            }
        }
        Ok(())
    }

    /// The values that stand for all that were added, for another aggregate of the same key.
    pub fn partial(&self) -> Vec<Vec<u8>> {
        match self {
            Aggregate::Unique(values) => {
                let mut values: Vec<_> = values.iter().cloned().collect();
                values.sort_unstable();
                values
            }
            Aggregate::Histogram(counts) => {
                let with_count =
                    |(value, count): (&Vec<u8>, &i64)| [value, &b"\t"[..], count.to_string().as_bytes()].concat();
                counts.iter().map(with_count).collect()
            }
            one => vec![one.report().into_bytes()],
        }
    }

    /// The report, as Hadoop prints it.
    pub fn report(&self) -> String {
        match self {
            Aggregate::LongSum(number) | Aggregate::LongMax(number) | Aggregate::LongMin(number) => number.to_string(),
            Aggregate::DoubleSum(sum) => java_double(*sum),
            Aggregate::TextMax(text) | Aggregate::TextMin(text) => {
                java_text::decode(text.as_deref().unwrap_or_default()).into_owned()
            }
            Aggregate::Unique(values) => values.len().to_string(),
            Aggregate::Histogram(counts) => {
                let mut sorted: Vec<i64> = counts.values().copied().collect();
                sorted.sort_unstable();
                let number = sorted.len();
                let sum: i64 = sorted.iter().sum();
                let mean = sum as f64 / number.max(1) as f64;
                let squares: f64 = sorted.iter().map(|count| (*count as f64 - mean) * (*count as f64 - mean)).sum();
                let deviation = (squares / number.max(1) as f64).sqrt();
                let at = |index: usize| sorted.get(index).copied().unwrap_or_default();
                format!(
                    "{number}\t{}\t{}\t{}\t{}\t{}",
                    at(0),
                    at(number / 2),
                    at(number.saturating_sub(1)),
                    java_double(mean),
                    java_double(deviation)
                )
            }
        }
    }
}

fn long(value: &[u8]) -> Result<i64> {
    let text = std::str::from_utf8(value).unwrap_or_default();
    text.parse().map_err(|_| Error::codec("a whole number", value))
}

/// A number as Java's `Double.toString` prints it.
pub fn java_double(number: f64) -> String {
    let size = number.abs();
    if !number.is_finite() {
        return if number.is_nan() { "NaN".into() } else { format!("{}Infinity", if number < 0.0 { "-" } else { "" }) };
    }
    if size == 0.0 || (1e-3..1e7).contains(&size) {
        return format!("{number:?}");
    }
    let text = format!("{number:E}");
    match text.split_once('E') {
        Some((digits, exponent)) if !digits.contains('.') => format!("{digits}.0E{exponent}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_hadoops_reports() {
        for (key, values, id, report) in [
            ("LongValueSum:a", &["1", "-5", "10"][..], "a", "6"),
            ("longvaluemax:a:b", &["1", "7", "3"], "a:b", "7"),
            ("LongValueMin:", &["1", "7", "-3"], "", "-3"),
            ("DoubleValueSum:x", &["1.5", "2"], "x", "3.5"),
            ("StringValueMax:x", &["b", "abc", "bb"], "x", "bb"),
            ("StringValueMin:x", &["b", "abc"], "x", "abc"),
            ("UniqValueCount:x", &["b", "a", "b"], "x", "2"),
            ("ValueHistogram:x", &["a", "b", "a", "c\t4"], "x", "3\t1\t2\t4\t2.3333333333333335\t1.247219128924647"),
        ] {
            let mut aggregate = Aggregate::of_key(key.as_bytes()).unwrap();
            values.iter().for_each(|value| aggregate.add(value.as_bytes()).unwrap());
            assert_eq!((Aggregate::id(key.as_bytes()), aggregate.report().as_str()), (id.as_bytes(), report), "{key}");
        }
        assert!(Aggregate::of_key(b"Sum:x").unwrap_err().to_string().contains("LongValueSum"));
        for (number, text) in [(3.0, "3.0"), (1e7, "1.0E7"), (12345678.5, "1.23456785E7"), (0.0001, "1.0E-4")] {
            assert_eq!(java_double(number), text);
        }
    }
}
