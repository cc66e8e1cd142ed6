//! Triangles: for each node of a graph, in how many triples of nodes it is of which each two are linked.
//!
//! Edges have no direction here, are counted once, and lead to another node. Each triangle is found once, at its second node in an
//! order in which nodes of small degree come first (Schank, 2007; Suri and Vassilvitskii, "Counting Triangles and the Curse of
//! the Last Reducer", 2011):
//!
//! ```text
//!   a ── b     order a b c d by degree; a keeps b c, b keeps c, c keeps d
//!   │  ／│     a sends (b c) to b and to c                        shuffle: lists by node
//!   c ── d     b has c, and c is in the list of a: a triangle a b c
//! ```
//!
//! 1. *neighbours*: [lists](crate::jobs::edges::neighbours) of the neighbours of all nodes. The driver reads their lengths back.
//! 2. *send*: each node keeps its neighbours that come later in the order, and sends this list to each node in it. The reducer of
//!    a node has the node's own list first (a secondary sort), and looks for what other lists have in common with it.
//! 3. *add up*: counts of a node from all reducers, and a zero for each node.
//!
//! - *Skew*: in a graph with m edges no node keeps more than √(2m) neighbours, so a node that is linked to all others sends little
//!   and no list is long. By degree, and not by id, is what matters: the curse of the last reducer is a hub.
//! - *Shuffle*: the lists that are sent, at most m^1.5 numbers.
//! - *Memory* helps by the lists, between the jobs and in the shuffle. Each task holds a number a node, which the memory budget
//!   counts.

use std::path::PathBuf;
use std::sync::Arc;

use twinmill::check::LineOrder;
use twinmill::generate::{Kind, Shape};
use twinmill::prelude::*;
use twinmill::program::{Highlights, Output, Program, Reference};
use twinmill::record::{Packed, PackedRef};
use twinmill::reference::ReferenceRun;

use crate::jobs::edges::Ids;
use crate::jobs::edges::graph::Graph;
use crate::jobs::edges::neighbours::{Direction, Listed, Neighbours, NodeIds, for_each_common, reducers_at_work};
use crate::jobs::highlights::largest_numbers;

pub struct Triangles;

#[derive(clap::Args)]
pub struct Options {
    /// Kind of the node ids
    #[arg(long, value_enum, default_value = "text")]
    ids: Ids,
}

/// The degrees of all nodes, by which they are ordered.
#[derive(Clone, Debug)]
struct ByDegree(Arc<[u32]>);

impl ByDegree {
    /// Appends the neighbours of a node that come later than it.
    fn later(&self, node: u32, neighbours: impl Iterator<Item = u32>, out: &mut Vec<u32>) {
        let place = |node: u32| (self.0[node as usize], node);
        out.extend(neighbours.filter(|neighbour| place(*neighbour) > place(node)));
    }
}

/// The kinds of records about a node, in the order in which its reducer is given them.
const OWN: u8 = 0;
const SENT: u8 = 1;

/// Bytes of a key that are the number of the node.
const NODE_BYTES: usize = size_of::<u32>();

/// Sends the list that a node keeps to the nodes in it. The node comes first in what it sends.
#[derive(Clone)]
struct Send {
    order: ByDegree,
    list: Vec<u32>,
}

impl Mapper for Send {
    type Input = Pairs<u32, Packed<u32>>;
    type Key = (u32, u8);
    type Value = Packed<u32>;

    fn map(
        &mut self,
        (node, neighbours): (u32, PackedRef<'_, u32>),
        out: &mut impl Emit<(u32, u8), Packed<u32>>,
    ) -> Result<()> {
        self.list.clear();
        self.list.push(node);
        self.order.later(node, neighbours.iter(), &mut self.list);
        let kept = &self.list[1..];
        if !kept.is_empty() {
            out.emit((node, OWN), kept);
        }
        if kept.len() > 1 {
            kept.iter().for_each(|neighbour| out.emit((*neighbour, SENT), &self.list[..]));
        }
        Ok(())
    }
}

/// Finds the triangles of which a node is the second, and counts them for all three nodes.
#[derive(Clone)]
struct Find {
    nodes: u32,
    counts: Vec<u64>,
    own: Vec<u32>,
    sent: Vec<u32>,
}

impl Reducer for Find {
    type Key = (u32, u8);
    type Value = Packed<u32>;
    type OutKey = u32;
    type OutValue = u64;

    fn setup(&mut self, _: &TaskContext) -> Result<()> {
        self.counts = vec![0; self.nodes as usize];
        Ok(())
    }

    fn reduce(
        &mut self,
        (node, kind): (u32, u8),
        lists: &mut Values<Packed<u32>>,
        _: &mut impl Emit<u32, u64>,
    ) -> Result<()> {
        // A node that keeps none is the last of all triangles that it is in.
        if kind != OWN {
            return Ok(());
        }
        let Find { counts, own, sent, .. } = self;
        own.clear();
        own.extend(lists.next().into_iter().flat_map(PackedRef::iter));
        while let Some(list) = lists.next() {
            let mut numbers = list.iter();
            let first = numbers.next().unwrap_or_default();
            sent.clear();
            sent.extend(numbers);
            let mut found = 0;
            for_each_common(own, sent, |last| {
                counts[last as usize] += 1;
                found += 1;
            });
            counts[first as usize] += found;
            counts[node as usize] += found;
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut impl Emit<u32, u64>) -> Result<()> {
        let found = (0u32..).zip(&self.counts).filter(|(_, count)| **count > 0);
        found.for_each(|(node, count)| out.emit(node, count));
        self.counts = Vec::new();
        Ok(())
    }
}

/// Emits a zero for each node.
#[derive(Clone)]
struct Zero;

impl Mapper for Zero {
    type Input = Pairs<u32, Packed<u32>>;
    type Key = u32;
    type Value = u64;

    fn map(&mut self, (node, _): (u32, PackedRef<'_, u32>), out: &mut impl Emit<u32, u64>) -> Result<()> {
        out.emit(node, 0);
        Ok(())
    }
}

/// Adds up the counts of a node.
#[derive(Clone)]
struct Print {
    ids: Arc<NodeIds>,
    id: Vec<u8>,
}

impl Reducer for Print {
    type Key = u32;
    type Value = u64;
    type OutKey = [u8];
    type OutValue = u64;

    fn reduce(&mut self, node: u32, counts: &mut Values<u64>, out: &mut impl Emit<[u8], u64>) -> Result<()> {
        self.id.clear();
        self.ids.write(node, &mut self.id);
        out.emit(&self.id, counts.sum::<u64>());
        Ok(())
    }
}

impl Program for Triangles {
    type Options = Options;

    const NAME: &'static str = "triangles";
    const ABOUT: &'static str = "Count the triangles that each node of a graph is in";
    const SUBJECT: &'static str = "graphs";
    const REFERENCE: Option<Reference<Self>> = Some(Self::reference);

    fn default_input(&self) -> Option<(Kind, Shape)> {
        Some((Kind::Graph, Shape::records(1_000_000)))
    }

    fn line_order(&self, _: &Options) -> LineOrder {
        LineOrder::Free
    }

    fn run(&self, options: &Options, inputs: &[PathBuf], session: &Session) -> Result<Report> {
        let (mut driver, name) = (Driver::start(Self::NAME, session)?, Self::NAME);
        let graph = Neighbours::read(&mut driver, name, inputs, options.ids, Direction::Both)?;
        let _of_degrees = graph.hold(&driver, size_of::<u32>(), 1)?;
        let _of_counts = graph.hold(&driver, size_of::<u64>(), reducers_at_work(driver.config()))?;
        let (nodes, mut degrees) = (graph.nodes, vec![0; graph.nodes as usize]);
        graph.lists.for_each(|node, list: PackedRef<'_, u32>| {
            degrees[node as usize] = list.len() as u32;
            Ok(())
        })?;
        let send = Send { order: ByDegree(degrees.into()), list: Vec::new() };
        let find = Find { nodes, counts: Vec::new(), own: Vec::new(), sent: Vec::new() };
        let job = Job::new(name, send, find).input(&graph.lists).group_by_prefix(|_| NODE_BYTES);
        let counts = driver.run_to_dataset(&job.reducers(session.config.reducers.max(1)))?;
        let print = Print { ids: graph.ids.clone(), id: Vec::new() };
        let job = Job::new(name, (Identity, Zero), print).input(&counts).input(&graph.lists);
        driver.run(&job.combine(Sum).partition_by(graph.by_part(session.config.reducers)))?;
        driver.finish()
    }

    fn show(&self, _: &Options, output: &Output<'_>) -> Result<Option<Highlights>> {
        largest_numbers(output, "nodes", ["node", "triangles"]).map(Some)
    }
}

impl Triangles {
    fn reference(&self, options: &Options, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        let listed = Listed::of(Graph::read(inputs, options.ids, run)?, Direction::Both);
        let nodes = listed.graph.nodes;
        let order = ByDegree((0..nodes).map(|node| listed.list(node).len() as u32).collect());
        let mut kept: Vec<Vec<u32>> = vec![Vec::new(); nodes as usize];
        for node in 0..nodes {
            order.later(node, listed.list(node).iter().copied(), &mut kept[node as usize]);
        }
        let mut counts = vec![0u64; nodes as usize];
        for node in 0..nodes as usize {
            for second in &kept[node] {
                let mut found = 0;
                for_each_common(&kept[node], &kept[*second as usize], |last| {
                    counts[last as usize] += 1;
                    found += 1;
                });
                counts[node] += found;
                counts[*second as usize] += found;
            }
        }
        let parts = TotalOrderPartitioner::of_numbers(nodes, run.reducers());
        listed.graph.for_each_id(|node, id| {
            run.write(parts.partition(&node.to_be_bytes(), run.reducers()), id, &counts[node as usize])
        })
    }
}
