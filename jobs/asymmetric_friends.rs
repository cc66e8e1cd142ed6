//! Friends who are not friends in return: edges `a TAB b` for which there is no edge `b TAB a`.
//!
//! ```text
//! ann TAB bob     map   (ann, bob) there  (bob, ann) back     reduce   ann bob   there and back: friends of each other
//! bob TAB ann    ─────▶ (bob, ann) there  (ann, bob) back    ────────▶ ann cat   there only: printed
//! ann TAB cat           (ann, cat) there  (cat, ann) back             cat ann   back only
//! ```
//!
//! - *Shuffle*: two records an edge, by both ids. Each edge looks for its counterpart under the counterpart's key.
//! - *Combiner*: it joins what a split knows of two people.
//! - *Memory* helps by what is shuffled, twice the input.

use std::path::PathBuf;

use twinmill::check::LineOrder;
use twinmill::generate::{Kind, Shape};
use twinmill::prelude::*;
use twinmill::program::{Program, Reference};
use twinmill::reference::ReferenceRun;

use crate::jobs::edges::graph::{Graph, Links};
use crate::jobs::edges::neighbours::{Direction, Listed};
use crate::jobs::edges::{Edge, Ids, id_ranges};

pub struct AsymmetricFriends;

#[derive(clap::Args)]
pub struct Options {
    /// Kind of the ids
    #[arg(long, value_enum, default_value = "text")]
    ids: Ids,
}

/// Ways in which two people are connected, as bits.
const THERE: u8 = 1;
const BACK: u8 = 2;

/// Emits an edge under both orders of its ids. The key is the encoded ids, one after the other.
#[derive(Clone)]
struct BothWays {
    ids: Ids,
    edge: Edge,
    pair: Vec<u8>,
}

fn join(one: &[u8], other: &[u8], pair: &mut Vec<u8>) {
    pair.clear();
    pair.extend_from_slice(one);
    pair.extend_from_slice(other);
}

impl Mapper for BothWays {
    type Input = Lines;
    type Key = [u8];
    type Value = u8;

    fn map(&mut self, line: Record<'_>, out: &mut impl Emit<[u8], u8>) -> Result<()> {
        if self.edge.parse(&line, self.ids)? {
            for (one, other, way) in
                [(self.edge.source(), self.edge.target(), THERE), (self.edge.target(), self.edge.source(), BACK)]
            {
                join(one, other, &mut self.pair);
                out.emit(&self.pair, way);
            }
        }
        Ok(())
    }
}

/// Prints what leads there only.
#[derive(Clone)]
struct OneWay {
    ids: Ids,
}

impl Reducer for OneWay {
    type Key = [u8];
    type Value = u8;
    type OutKey = [u8];
    type OutValue = [u8];

    fn reduce(&mut self, pair: &[u8], ways: &mut Values<u8>, out: &mut impl Emit<[u8], [u8]>) -> Result<()> {
        if ways.fold(0, |all, way| all | way) == THERE {
            let (one, other) = pair.split_at(self.ids.first_len()(pair));
            out.emit(&self.ids.text(one)?, &self.ids.text(other)?);
        }
        Ok(())
    }
}

impl Program for AsymmetricFriends {
    type Options = Options;

    const NAME: &'static str = "asymmetric-friends";
    const ABOUT: &'static str = "Find the edges that do not go back";
    const SUBJECT: &'static str = "graphs";
    const REFERENCE: Option<Reference<Self>> = Some(Self::reference);

    fn default_input(&self) -> Option<(Kind, Shape)> {
        Some((Kind::Graph, Shape::records(2_000_000)))
    }

    fn line_order(&self, _: &Options) -> LineOrder {
        LineOrder::Free
    }

    fn run(&self, options: &Options, inputs: &[PathBuf], session: &Session) -> Result<Report> {
        let ids = options.ids;
        let mut driver = Driver::start(Self::NAME, session)?;
        let parts = id_ranges(inputs, ids, session.config.reducers, driver.inputs())?;
        let both_ways = BothWays { ids, edge: Edge::default(), pair: Vec::new() };
        let job = Job::new(Self::NAME, both_ways, OneWay { ids }).input(inputs);
        driver.run(&job.combine(|all: &mut u8, way| *all |= way).partition_by(parts))?;
        driver.finish()
    }
}

impl AsymmetricFriends {
    fn reference(&self, options: &Options, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        let graph = Graph::read(inputs, options.ids, run)?;
        let back: Vec<_> = graph.edges.iter().map(|(source, target)| (*target, *source)).collect();
        let back = Links::of(graph.nodes, &back);
        let there = Listed::of(graph, Direction::Along);
        let parts = id_ranges(inputs, options.ids, run.reducers(), run.inputs())?;
        let (ids, mut one, mut other, mut encoded) = (there.ids()?, Vec::new(), Vec::new(), Vec::new());
        for node in 0..there.graph.nodes {
            one.clear();
            encoded.clear();
            ids.write(node, &mut one);
            options.ids.encode(&one, &mut encoded)?;
            let part = parts.partition(&encoded, run.reducers());
            for friend in there.list(node).iter().filter(|friend| back.list(node).binary_search(friend).is_err()) {
                other.clear();
                ids.write(*friend, &mut other);
                run.write(part, &one, &other)?;
            }
        }
        Ok(())
    }
}
