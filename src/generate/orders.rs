//! Two tables that belong together: orders, and the customers who placed them.
//!
//! ```text
//! orders       customer,day,item,quantity,amount      c0000017,2024-03-09,"lamp, blue",2,39.98
//! customers    customer,name,city,since               c0000017,"Novak, Ines",Lisbon,2011
//! ```
//!
//! Neither has a header. Customers are drawn by Zipf's law, so that few of them have most of the orders: with an exponent of 2
//! the first has more than half. A share of the orders are of customers that the other table has, the rest of customers whom it
//! does not know; most of its customers have no orders. Some cells are quoted, since there is a comma in them, and one amount of a
//! hundred is missing.

use std::io;

use rand_core::RngCore;

use super::sampling::{AliasTable, below, unit, zipf_weights};
use super::shape::Shape;
use super::writer::RecordWriter;

const THINGS: [&str; 16] = [
    "lamp", "chair", "table", "shelf", "mirror", "carpet", "clock", "vase", "kettle", "basket", "curtain", "pillow",
    "blanket", "candle", "frame", "bench",
];
const COLOURS: [&str; 4] = ["blue", "red", "grey", "oak"];
const FAMILY_NAMES: [&str; 12] = [
    "Novak", "Silva", "Okafor", "Tanaka", "Meyer", "Rossi", "Larsen", "Haddad", "Kowalski", "Nguyen", "Moreau", "Brown",
];
const GIVEN_NAMES: [&str; 10] = ["Ines", "Jonas", "Amara", "Yuki", "Clara", "Luca", "Freja", "Omar", "Zofia", "Linh"];
const CITIES: [&str; 12] =
    ["Lisbon", "Prague", "Lagos", "Osaka", "Leipzig", "Turin", "Aarhus", "Beirut", "Gdansk", "Hanoi", "Lyon", "Leeds"];
/// Days of 2024, by month.
const DAYS: [u32; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
/// One item of so many has a colour, and so a comma.
const COLOURED: u32 = 50;
/// One amount of so many is missing.
const WITHOUT_AMOUNT: u32 = 100;

/// Writes orders.
pub(super) fn write_orders(shape: &Shape, rng: &mut impl RngCore, writer: &mut RecordWriter<'_>) -> io::Result<()> {
    let popularity = AliasTable::new(zipf_weights(shape.customers, shape.zipf_exponent, 0.0));
    let mut decimal = itoa::Buffer::new();
    while writer.wants_more() {
        let rank = u64::from(popularity.draw(rng));
        let is_known = unit(rng) < shape.matches;
        let customer = if is_known { rank } else { rank + u64::from(shape.customers) };
        let day = below(rng, DAYS.iter().sum());
        let (thing, colour) = (below(rng, THINGS.len() as u32), below(rng, COLOURED * COLOURS.len() as u32));
        let (quantity, cents) = (1 + below(rng, 9), 100 + below(rng, 20_000) + 37 * thing);
        let has_amount = below(rng, WITHOUT_AMOUNT) > 0;
        writer.record(|block| {
            append_customer(customer, block);
            block.push(b',');
            append_day(day, block);
            block.push(b',');
            match COLOURS.get(colour as usize) {
                Some(colour) => block.extend_from_slice(format!("\"{}, {colour}\"", THINGS[thing as usize]).as_bytes()),
                None => block.extend_from_slice(THINGS[thing as usize].as_bytes()),
            }
            block.push(b',');
            block.extend_from_slice(decimal.format(quantity).as_bytes());
            block.push(b',');
            if has_amount {
                let cents = quantity * cents;
                block.extend_from_slice(decimal.format(cents / 100).as_bytes());
                block.push(b'.');
                append_digits(cents % 100, 2, block);
            }
            block.push(b'\n');
        })?;
    }
    Ok(())
}

/// Writes customers, from the one with the most orders on.
pub(super) fn write_customers(rng: &mut impl RngCore, writer: &mut RecordWriter<'_>) -> io::Result<()> {
    let mut customer = 0;
    while writer.wants_more() {
        let family = FAMILY_NAMES[below(rng, FAMILY_NAMES.len() as u32) as usize];
        let given = GIVEN_NAMES[below(rng, GIVEN_NAMES.len() as u32) as usize];
        let (city, since) = (CITIES[below(rng, CITIES.len() as u32) as usize], 1990 + below(rng, 34));
        writer.record(|block| {
            append_customer(customer, block);
            block.extend_from_slice(format!(",\"{family}, {given}\",{city},{since}\n").as_bytes());
        })?;
        customer += 1;
    }
    Ok(())
}

fn append_customer(customer: u64, block: &mut Vec<u8>) {
    block.push(b'c');
    append_digits(customer as u32, 7, block);
}

/// A number with at least so many digits.
fn append_digits(number: u32, digits: usize, block: &mut Vec<u8>) {
    let mut decimal = itoa::Buffer::new();
    let text = decimal.format(number);
    block.resize(block.len() + digits.saturating_sub(text.len()), b'0');
    block.extend_from_slice(text.as_bytes());
}

/// A day of 2024, from 0, as `2024-02-29`.
fn append_day(mut day: u32, block: &mut Vec<u8>) {
    let mut month = 0;
    while day >= DAYS[month] {
        day -= DAYS[month];
        month += 1;
    }
    block.extend_from_slice(b"2024-");
    append_digits(month as u32 + 1, 2, block);
    block.push(b'-');
    append_digits(day + 1, 2, block);
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::super::{Kind, Shape, generated};

    fn first_cells(table: &str) -> Vec<&str> {
        table.lines().map(|row| row.split(',').next().unwrap()).collect()
    }

    #[test]
    fn skew_and_share_of_matches_are_as_asked() {
        let mut shape = Shape::records(20_000);
        (shape.customers, shape.matches, shape.zipf_exponent) = (1000, 0.75, 2.0);
        let orders = String::from_utf8(generated(Kind::Orders, &shape, 1)).unwrap();
        let customers = String::from_utf8(generated(Kind::Customers, &Shape::records(1000), 1)).unwrap();
        let known: HashSet<&str> = first_cells(&customers).into_iter().collect();
        assert_eq!(known.len(), 1000);
        let mut counts: HashMap<&str, u32> = HashMap::new();
        first_cells(&orders).into_iter().for_each(|customer| *counts.entry(customer).or_default() += 1);
        let matching: u32 =
            counts.iter().filter(|(customer, _)| known.contains(*customer)).map(|(_, count)| count).sum();
        assert!((14_700..15_300).contains(&matching), "{matching}");
        let most = counts.values().max().unwrap();
        assert!((8_800..9_500).contains(most), "0.61 of the matching ones: {most}");
    }

    #[test]
    fn rows_have_the_columns_of_their_table() {
        let orders = String::from_utf8(generated(Kind::Orders, &Shape::records(2000), 1)).unwrap();
        for row in orders.lines() {
            let quoted = row.matches('"').count();
            assert_eq!(row.matches(',').count(), 4 + quoted / 2, "{row}");
            assert!(row.as_bytes()[8] == b',' && &row[9..14] == "2024-" && row.as_bytes()[19] == b',', "{row}");
        }
        assert!(orders.lines().any(|row| row.contains(", blue\",")));
        assert!(orders.lines().any(|row| row.ends_with(',')), "some amounts are missing");
        let customers = String::from_utf8(generated(Kind::Customers, &Shape::records(50), 1)).unwrap();
        assert!(customers.starts_with("c0000000,\""), "{customers}");
        assert!(customers.lines().all(|row| row.matches(',').count() == 4), "{customers}");
    }
}
