//! Two sparse square matrices, and ratings: entries in an order of chance.

use std::io;

use rand_core::RngCore;

use super::points::append_decimal;
use super::sampling::{AliasTable, Normal, below, unit, zipf_weights};
use super::shape::{Amount, Shape};
use super::writer::RecordWriter;

/// Bytes of a line, about.
const LINE_BYTES: u64 = 20;
/// Entries of each row of a matrix, about.
const ROW_ENTRIES: u64 = 50;
/// Ratings of each user, about.
const USER_RATINGS: u64 = 50;
/// Users for each item.
const USERS_AN_ITEM: u32 = 4;
/// Traits of users and items by which ratings are made.
const TRAITS: usize = 3;

/// Records, about.
fn records(shape: &Shape) -> u64 {
    match shape.amount {
        Amount::Records(records) => records,
        Amount::Bytes(bytes) => bytes / LINE_BYTES,
    }
}

/// Writes `A|B TAB row TAB column TAB value` lines, with indexes below the shape's nodes.
pub(super) fn write_matrices(shape: &Shape, rng: &mut impl RngCore, writer: &mut RecordWriter<'_>) -> io::Result<()> {
    let size = shape.nodes.unwrap_or((records(shape) / 2 / ROW_ENTRIES).clamp(1, u64::from(u32::MAX)) as u32);
    let mut normal = Normal::default();
    while writer.wants_more() {
        let (matrix, row, column, value) = (below(rng, 2), below(rng, size), below(rng, size), normal.draw(rng));
        writer.record(|block| {
            block.push(b"AB"[matrix as usize]);
            append_index(block, row);
            append_index(block, column);
            block.push(b'\t');
            append_decimal(block, value);
            block.push(b'\n');
        })?;
    }
    Ok(())
}

fn append_index(block: &mut Vec<u8>, index: u32) {
    block.push(b'\t');
    block.extend_from_slice(itoa::Buffer::new().format(index).as_bytes());
}

/// Writes `user TAB item TAB rating` lines: users below the shape's nodes, items drawn by Zipf's law, halves from 0.5
/// to 5 by how well the traits of a user and of an item agree.
pub(super) fn write_ratings(shape: &Shape, rng: &mut impl RngCore, writer: &mut RecordWriter<'_>) -> io::Result<()> {
    let users = shape.nodes.unwrap_or((records(shape) / USER_RATINGS).clamp(1, u64::from(u32::MAX)) as u32);
    let items = (users / USERS_AN_ITEM).max(1);
    let mut normal = Normal::default();
    let mut traits = |count: u32| -> Vec<f64> { (0..count as usize * TRAITS).map(|_| normal.draw(rng)).collect() };
    let (of_users, of_items) = (traits(users), traits(items));
    let popularity = AliasTable::new(zipf_weights(items, shape.zipf_exponent, 0.0));
    while writer.wants_more() {
        let (user, item) = (below(rng, users), popularity.draw(rng));
        let of = |traits: &[f64], of: u32| -> Vec<f64> { traits[of as usize * TRAITS..][..TRAITS].to_vec() };
        let agreement: f64 = of(&of_users, user).iter().zip(of(&of_items, item)).map(|(one, other)| one * other).sum();
        let halves = (6.0 + 1.5 * agreement + unit(rng)).floor().clamp(1.0, 10.0);
        writer.record(|block| {
            block.push(b'u');
            block.extend_from_slice(itoa::Buffer::new().format(user).as_bytes());
            block.extend_from_slice(b"\ti");
            block.extend_from_slice(itoa::Buffer::new().format(item).as_bytes());
            block.push(b'\t');
            append_decimal(block, halves / 2.0);
            block.push(b'\n');
        })?;
    }
    Ok(())
}
