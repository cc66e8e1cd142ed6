//! `KeyFieldBasedComparator` as an encoding: keys whose encodings compare as bytes, as Hadoop compares the keys.
//!
//! ```text
//! part     00                          the key lacks it
//!          01 bytes 00 01              text; a 00 in it is 00 FF
//!          01 sign length digits fraction 00 next      a number
//! reverse  all bits of a part are flipped
//! ```
//!
//! A number has a sign, digits and a fraction; there is no exponent and no plus, and what follows the digits ends it. Of two
//! numbers that are equal so far, Hadoop compares what follows the digits, or where nothing does, the first byte.

use crate::streaming::key_fields::KeyFields;

/// The order of keys.
#[derive(Clone, Debug)]
pub enum Order {
    /// That of their bytes.
    Bytes,
    /// `KeyFieldBasedComparator`.
    Fields(KeyFields),
    /// That of numbers, which lie here as text (`LongWritable`).
    Numbers,
}

impl Order {
    /// Appends bytes that compare as the key does.
    pub fn encode(&self, key: &[u8], out: &mut Vec<u8>) {
        match self {
            Order::Bytes => out.extend_from_slice(key),
            Order::Fields(fields) => encode(fields, key, out),
            Order::Numbers => {
                let number = std::str::from_utf8(key).ok().and_then(|text| text.parse::<i64>().ok());
                out.extend_from_slice(&(number.unwrap_or_default() ^ i64::MIN).to_be_bytes());
            }
        }
    }
}

/// Appends the encoding of a key.
fn encode(fields: &KeyFields, key: &[u8], out: &mut Vec<u8>) {
    if fields.is_empty() {
        return text(key, out);
    }
    for (part, range) in fields.find(key) {
        let from = out.len();
        match range {
            None => out.push(0),
            Some(range) => {
                out.push(1);
                if part.numeric { number(&key[range], out) } else { text(&key[range], out) }
            }
        }
        if part.reverse {
            flip(&mut out[from..]);
        }
    }
}

fn flip(bytes: &mut [u8]) {
    bytes.iter_mut().for_each(|byte| *byte = !*byte);
}

fn text(bytes: &[u8], out: &mut Vec<u8>) {
    for byte in bytes {
        out.push(*byte);
        if *byte == 0 {
            out.push(0xff);
        }
    }
    out.extend_from_slice(&[0, 1]);
}

fn number(field: &[u8], out: &mut Vec<u8>) {
    const ZERO: u8 = 1;
    let (negative, unsigned) = match field {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, field),
    };
    let digits_end = |bytes: &[u8]| bytes.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(bytes.len());
    let zeros = unsigned.iter().position(|byte| *byte != b'0').unwrap_or(unsigned.len());
    let (whole, rest) = unsigned[zeros..].split_at(digits_end(&unsigned[zeros..]));
    let fraction = rest.strip_prefix(b".").map(|rest| &rest[..digits_end(rest)]).unwrap_or_default();
    let significant = fraction.iter().rposition(|byte| *byte != b'0').map_or(0, |last| last + 1);
    let fraction = &fraction[..significant];
    if whole.is_empty() && fraction.is_empty() {
        out.push(ZERO);
        return out.push(if negative { follows(b"", b"0") } else { follows(rest, field) });
    }
    let from = out.len();
    out.push(ZERO + 1);
    out.extend_from_slice(&(whole.len() as u32).to_be_bytes());
    out.extend_from_slice(whole);
    out.extend_from_slice(fraction);
    out.push(0);
    out.push(if fraction.is_empty() { follows(rest, field) } else { 0 });
    if negative {
        flip(&mut out[from + 1..]);
        out[from] = ZERO - 1;
    }
}

/// The byte that decides between numbers that are equal, as Java orders bytes.
fn follows(rest: &[u8], field: &[u8]) -> u8 {
    let byte = match rest {
        [] | [b'.', ..] => field.first(),
        [next, ..] => Some(next),
    };
    byte.copied().unwrap_or(b'0') ^ 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn ascends(options: &str, keys: &[&str]) {
        let fields = KeyFields::parse(options, b"\t".to_vec()).unwrap();
        let encoded: Vec<Vec<u8>> = keys
            .iter()
            .map(|key| {
                let mut out = Vec::new();
                encode(&fields, key.as_bytes(), &mut out);
                out
            })
            .collect();
        for (pair, keys) in encoded.windows(2).zip(keys.windows(2)) {
            assert!(pair[0] < pair[1], "{options}: {keys:?}");
        }
    }

    #[test]
    fn keys_come_in_hadoops_order() {
        ascends("-k2,2", &["z", "x\ta", "w\tab", "v\tb"]);
        ascends("-k2,2r", &["v\tb", "w\tab", "x\ta", "z"]);
        ascends(
            "-n",
            &["-100", "-20", "-3.5", "-3", "-0.25", "0", "0.001", "0.5", "1", "9", "10", "10.05", "10.5", "123"],
        );
        ascends("-nr", &["123", "10", "9", "1.5", "0", "-1", "-1.5", "-10"]);
        ascends("-k1,1 -k2nr", &["a\t10", "a\t9", "a\t1", "b\t3"]);
    }

    #[test]
    fn equal_numbers_and_equal_fields_are_one_key() {
        let same = |options: &str, a: &str, b: &str| {
            let fields = KeyFields::parse(options, b"\t".to_vec()).unwrap();
            let encode = |key: &str| {
                let mut out = Vec::new();
                encode(&fields, key.as_bytes(), &mut out);
                out
            };
            assert_eq!(encode(a), encode(b), "{options} {a:?} {b:?}");
        };
        same("-k1,1", "a\tx", "a\ty");
        same("-n", "1.50", "1.5");
        same("-n", "-0", "0");
        same("-k3", "a", "b");
        // Hadoop finds no field behind a separator that ends the key.
        same("-k2,2", "z", "y\t");
    }
}
