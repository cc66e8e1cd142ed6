//! Records of 100 bytes to sort by their first ten, in the layout of gensort's ASCII mode (`gensort -a`, Nyberg, Koester
//! and Gray, sortbenchmark.org). The keys are uniform; they are not gensort's own numbers.
//!
//! ```text
//! byte  0      10   12                44   46       98
//!       key    2sp  record number     2sp  filler   CR LF
//!       ' '…'~'     32 hex digits          13 hex digits, each four times
//! ```

use std::io;

use rand_core::RngCore;

use super::writer::RecordWriter;

const KEY_BYTES: usize = 10;
const KEY_SYMBOLS: u64 = 95;
const NUMBER_AT: usize = 12;
const FILLER_AT: usize = 46;
const END_AT: usize = 98;
const HEX_DIGITS: &[u8; 16] = b"0123456789ABCDEF";

/// Writes records numbered from 0.
pub(super) fn write(rng: &mut impl RngCore, writer: &mut RecordWriter<'_>) -> io::Result<()> {
    let mut number = 0;
    while writer.wants_more() {
        writer.record(|block| block.extend_from_slice(&record(rng, number)))?;
        number += 1;
    }
    Ok(())
}

fn record(rng: &mut impl RngCore, number: u64) -> [u8; 100] {
    let mut record = [b' '; 100];
    for half in record[..KEY_BYTES].chunks_exact_mut(KEY_BYTES / 2) {
        let mut fraction = rng.next_u64();
        for symbol in half {
            let product = u128::from(fraction) * u128::from(KEY_SYMBOLS);
            *symbol = b' ' + (product >> 64) as u8;
            fraction = product as u64;
        }
    }
    for (i, digit) in record[NUMBER_AT..FILLER_AT - 2].iter_mut().rev().enumerate() {
        *digit = hex_digit((u128::from(number) >> (4 * i)) as u64);
    }
    let filler = rng.next_u64();
    for (i, four) in record[FILLER_AT..END_AT].chunks_exact_mut(4).enumerate() {
        four.fill(hex_digit(filler >> (4 * i)));
    }
    record[END_AT..].copy_from_slice(b"\r\n");
    record
}

fn hex_digit(number: u64) -> u8 {
    HEX_DIGITS[(number & 0xF) as usize]
}

#[cfg(test)]
mod tests {
    use super::super::{Kind, Shape, generated};

    #[test]
    fn a_size_is_rounded_down_to_whole_records() {
        assert_eq!(generated(Kind::Terasort, &Shape::bytes(12_399), 1).len(), 12_300);
    }

    #[test]
    fn records_have_gensorts_layout() {
        let bytes = generated(Kind::Terasort, &Shape::records(5000), 1);
        let mut symbol_counts = [0u32; 256];
        for (number, record) in bytes.chunks(100).enumerate() {
            let (key, rest) = record.split_at(10);
            key.iter().for_each(|&symbol| symbol_counts[usize::from(symbol)] += 1);
            assert_eq!(rest[..36], *format!("  {number:032X}  ").as_bytes());
            assert!(rest[36..88].chunks(4).all(|four| four.iter().all(|&digit| digit == four[0])));
            assert!(rest[36..88].iter().all(u8::is_ascii_hexdigit));
            assert_eq!(rest[88..], *b"\r\n");
        }
        for (symbol, count) in symbol_counts.into_iter().enumerate() {
            let printable = (32..127).contains(&symbol);
            assert!(if printable { (400..660).contains(&count) } else { count == 0 }, "{symbol} {count}");
        }
    }
}
