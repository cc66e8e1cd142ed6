//! A directed power-law graph as a crawl would list it, for PageRank and connected components.
//!
//! 1. Every id in `0..nodes` gets a popularity by the Zipf–Mandelbrot law, at a rank that a shuffle gives it, so that
//!    popular nodes are spread over the ids. Destinations are drawn by popularity: in-degrees have a power-law tail.
//! 2. Every id gets a share of the edges from a Lomax distribution with exponent 2: out-degrees have one too, and about
//!    one node in nine is dangling at eight edges a node. The shares are rounded so that the sum is exact.
//! 3. Edges are written in the numeric order of their source.
//!
//! Self-loops and duplicate edges occur, the latter about once in sixty edges at a million nodes. An id with neither an
//! outgoing nor an incoming edge does not occur.

use std::io;

use rand_core::RngCore;

use super::sampling::{AliasTable, below, zipf_weights};
use super::shape::{Amount, Shape};
use super::writer::RecordWriter;

const EDGES_PER_NODE: u64 = 8;
/// Mandelbrot's shift: the most popular node draws one edge in a hundred rather than one in fourteen, and duplicates
/// stay few.
const POPULARITY_SHIFT: f64 = 10.0;
const SHARE_UNITS: f64 = 1024.0;

/// Writes `src TAB dst` lines, ordered by `src`, ids below the number of nodes.
pub(super) fn write(shape: &Shape, rng: &mut impl RngCore, writer: &mut RecordWriter<'_>) -> io::Result<()> {
    let (nodes, edges) = size(shape);
    if edges == 0 {
        return Ok(());
    }
    let mut popularity = zipf_weights(nodes, shape.zipf_exponent, POPULARITY_SHIFT);
    shuffle(&mut popularity, rng);
    let destinations = AliasTable::new(popularity);
    let shares: Vec<u32> = (0..nodes).map(|_| out_share(rng)).collect();
    let total: u64 = shares.iter().map(|&share| u64::from(share)).sum();

    let (mut shares_before, mut edges_before) = (0, 0);
    let mut decimal = itoa::Buffer::new();
    let mut source = Vec::new();
    for (id, share) in shares.into_iter().enumerate() {
        shares_before += u64::from(share);
        let edges_after = (u128::from(shares_before) * u128::from(edges) / u128::from(total)) as u64;
        source.clear();
        source.extend_from_slice(decimal.format(id).as_bytes());
        source.push(b'\t');
        for _ in edges_before..edges_after {
            let destination = destinations.draw(rng);
            writer.record(|block| {
                block.extend_from_slice(&source);
                block.extend_from_slice(decimal.format(destination).as_bytes());
                block.push(b'\n');
            })?;
            if !writer.wants_more() {
                return Ok(());
            }
        }
        edges_before = edges_after;
    }
    Ok(())
}

/// Nodes and edges. Edges for a number of bytes come from the mean length of a line.
fn size(shape: &Shape) -> (u32, u64) {
    let default_nodes = |edges: u64| (edges / EDGES_PER_NODE).clamp(1, u64::from(u32::MAX)) as u32;
    match shape.amount {
        Amount::Records(edges) => (shape.nodes.unwrap_or_else(|| default_nodes(edges)), edges),
        Amount::Bytes(bytes) => {
            let mut nodes = shape.nodes.unwrap_or(1);
            let mut edges = edges_in(bytes, nodes);
            while shape.nodes.is_none() && nodes < default_nodes(edges) {
                nodes = default_nodes(edges);
                edges = edges_in(bytes, nodes);
            }
            (nodes, edges)
        }
    }
}

fn edges_in(bytes: u64, nodes: u32) -> u64 {
    (bytes as f64 / (2.0 * mean_digits(nodes) + 2.0)) as u64
}

/// The mean number of decimal digits of the ids below `nodes`.
fn mean_digits(nodes: u32) -> f64 {
    let nodes = u64::from(nodes);
    let powers = std::iter::successors(Some(10), |power| Some(power * 10)).take_while(|&power| power < nodes);
    let digits = nodes + powers.map(|power| nodes - power).sum::<u64>();
    digits as f64 / nodes as f64
}

/// A share of the edges in units, at least 1, by inversion of the Lomax distribution: `u^(-1/2) - 1`.
fn out_share(rng: &mut impl RngCore) -> u32 {
    let u = (f64::from(rng.next_u32()) + 1.0) / 4_294_967_296.0;
    ((1.0 / u.sqrt() - 1.0) * SHARE_UNITS) as u32 + 1
}

/// Fisher and Yates' shuffle, in Durstenfeld's form.
fn shuffle(values: &mut [f64], rng: &mut impl RngCore) {
    for last in (1..values.len()).rev() {
        values.swap(last, below(rng, last as u32 + 1) as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Kind, Shape, generated};
    use super::*;
    use std::collections::HashSet;

    const NODES: u32 = 20_000;
    const EDGES: u64 = 160_000;

    fn edges(seed: u64) -> Vec<(u32, u32)> {
        let mut shape = Shape::records(EDGES);
        shape.nodes = Some(NODES);
        let text = String::from_utf8(generated(Kind::Graph, &shape, seed)).expect("ASCII");
        let id = |field: &str| field.parse().expect("a decimal id");
        text.lines().map(|line| line.split_once('\t').map(|(src, dst)| (id(src), id(dst))).expect("a TAB")).collect()
    }

    #[test]
    fn edges_are_ordered_by_source_with_ids_below_the_nodes() {
        let edges = edges(1);
        assert_eq!(edges.len() as u64, EDGES);
        assert!(edges.is_sorted_by_key(|&(src, _)| src));
        assert!(edges.iter().all(|&(src, dst)| src < NODES && dst < NODES));
    }

    #[test]
    fn degrees_have_heavy_tails_and_some_nodes_dangle() {
        let (mut out_degrees, mut in_degrees) = (vec![0u32; NODES as usize], vec![0u32; NODES as usize]);
        for (src, dst) in edges(1) {
            out_degrees[src as usize] += 1;
            in_degrees[dst as usize] += 1;
        }
        let dangling = out_degrees.iter().filter(|&&degree| degree == 0).count();
        assert!((NODES as usize / 20..NODES as usize / 5).contains(&dangling), "{dangling}");
        in_degrees.sort_unstable_by(|a, b| b.cmp(a));
        assert!(in_degrees[0] > 1000 && in_degrees[100] < in_degrees[0] / 5, "{:?}", &in_degrees[..3]);
        assert!(out_degrees.into_iter().max() > Some(200));
    }

    #[test]
    fn popular_nodes_are_spread_and_duplicates_are_few() {
        let edges = edges(1);
        let mut in_degrees = vec![0u32; NODES as usize];
        edges.iter().for_each(|&(_, dst)| in_degrees[dst as usize] += 1);
        let popular: Vec<usize> = (0..NODES as usize).filter(|&id| in_degrees[id] > 300).collect();
        let low = popular.iter().filter(|&&id| id < NODES as usize / 2).count();
        assert!(popular.len() > 20 && low > popular.len() / 4 && low < popular.len() * 3 / 4, "{popular:?}");
        let distinct = edges.iter().collect::<HashSet<_>>().len();
        assert!(distinct > edges.len() * 9 / 10, "{distinct}");
        assert!(edges.iter().any(|(src, dst)| src == dst));
    }

    #[test]
    fn mean_digits_counts_every_id() {
        for nodes in [1, 9, 10, 11, 1234] {
            let digits: usize = (0..nodes).map(|id: u32| id.to_string().len()).sum();
            assert_eq!(mean_digits(nodes), digits as f64 / f64::from(nodes));
        }
    }
}
