//! Numbers for the nodes of a graph with ids of any kind: the ids are sorted.
//!
//! 1. *number*: each edge goes to its target. Reduce counts the nodes of its partition, in the order of the ids, and tells each
//!    node its own number and the numbers of the nodes it links to.
//! 2. *link*: each node collects what it was told: number → its id and the numbers.
//!
//! A number is a node's partition and its place there until all partitions are counted.

use std::path::PathBuf;
use std::sync::Arc;

use twinmill::prelude::*;
use twinmill::record::{Packed, Value};

use crate::jobs::edges::tiles::LinkBatches;
use crate::jobs::edges::{Edge, Ids, id_ranges};

// ------------------------------------------------------------------ number

/// Emits an edge to its target, and to its source the fact that it exists.
#[derive(Clone)]
struct EdgeByTarget {
    ids: Ids,
    edge: Edge,
    /// The source of the previous edge, not emitted again: most graphs come ordered by source.
    previous: Vec<u8>,
}

impl Mapper for EdgeByTarget {
    type Input = Lines;
    type Key = [u8];
    type Value = [u8];

    fn map(&mut self, line: Record<'_>, out: &mut impl Emit<[u8], [u8]>) -> Result<()> {
        if self.edge.parse(&line, self.ids)? {
            out.emit(self.edge.target(), self.edge.source());
            if self.edge.source() != self.previous {
                out.emit(self.edge.source(), &[][..]);
                self.previous.clear();
                self.previous.extend_from_slice(self.edge.source());
            }
        }
        Ok(())
    }
}

/// A node's partition and its place there, which stand for its number until all partitions are counted. Numbers run
/// through one partition after another.
#[derive(Clone, Copy, Debug)]
struct Place {
    partition: u32,
    place: u64,
}

/// Packs a place and a flag, whether the number is the node's own, into one integer that stays small.
fn told(place: Place, own: bool, partitions: u32) -> u64 {
    ((place.place * u64::from(partitions) + u64::from(place.partition)) << 1) | u64::from(own)
}

fn understood(told: u64, partitions: u32) -> (Place, bool) {
    let both = told >> 1;
    let place = Place { partition: (both % u64::from(partitions)) as u32, place: both / u64::from(partitions) };
    (place, told & 1 == 1)
}

/// Numbers the nodes of a partition and tells each node its number and the numbers of the nodes it links to.
#[derive(Clone, Default)]
struct Number {
    next: Option<Place>,
    partitions: u32,
}

impl Reducer for Number {
    type Key = [u8];
    type Value = [u8];
    type OutKey = [u8];
    type OutValue = u64;

    fn setup(&mut self, task: &TaskContext) -> Result<()> {
        (self.next, self.partitions) = (Some(Place { partition: task.index, place: 0 }), task.reducers);
        Ok(())
    }

    fn reduce(&mut self, node: &[u8], sources: &mut Values<[u8]>, out: &mut impl Emit<[u8], u64>) -> Result<()> {
        let next = self.next.as_mut().expect("set up");
        out.emit(node, told(*next, true, self.partitions));
        while let Some(source) = sources.next() {
            if !source.is_empty() {
                out.emit(source, told(*next, false, self.partitions));
            }
        }
        next.place += 1;
        out.aggregate("nodes", 1);
        Ok(())
    }
}

// ------------------------------------------------------------------ link

#[derive(Clone)]
struct ByNode;

impl Mapper for ByNode {
    type Input = Pairs<[u8], u64>;
    type Key = [u8];
    type Value = u64;

    fn map(&mut self, (node, told): (&[u8], u64), out: &mut impl Emit<[u8], u64>) -> Result<()> {
        out.emit(node, told);
        Ok(())
    }
}

/// The number of the first node of each partition, followed by the number of all nodes.
#[derive(Clone, Debug)]
struct Numbering {
    first: Arc<[u32]>,
    nodes: u32,
}

impl Numbering {
    fn of(nodes_by_partition: &[u64]) -> Result<Self> {
        let mut nodes = 0u64;
        let first = nodes_by_partition.iter().map(|count| {
            let first = nodes as u32;
            nodes += count;
            first
        });
        let first = first.collect();
        let nodes = u32::try_from(nodes)
            .map_err(|_| Error::user(format!("the graph has {nodes} nodes; at most {} are possible", u32::MAX)))?;
        Ok(Numbering { first, nodes })
    }

    fn number(&self, place: Place) -> u32 {
        self.first[place.partition as usize] + place.place as u32
    }
}

/// Collects the nodes that a node links to: number → (name, numbers).
#[derive(Clone)]
struct Link {
    numbering: Numbering,
}

/// The id of a node, encoded, and the numbers of the nodes it links to.
pub type Links = (Vec<u8>, Vec<u32>);

impl Reducer for Link {
    type Key = [u8];
    type Value = u64;
    type OutKey = u32;
    type OutValue = Links;

    fn reduce(&mut self, name: &[u8], told: &mut Values<u64>, out: &mut impl Emit<u32, Links>) -> Result<()> {
        let (mut own, mut targets) = (None, Vec::new());
        let partitions = self.numbering.first.len() as u32;
        for (place, is_own) in told.map(|told| understood(told, partitions)) {
            if is_own {
                own = Some(self.numbering.number(place));
            } else {
                targets.push(self.numbering.number(place));
            }
        }
        targets.sort_unstable();
        targets.dedup();
        out.aggregate("links", targets.len() as u64);
        out.emit(own.expect("each node was told its number"), (name, targets));
        Ok(())
    }
}

// ------------------------------------------------------------------ the jobs

/// The nodes of a graph by their numbers.
pub struct Named {
    pub links: Dataset<u32, Links>,
    pub nodes: u32,
    pub edge_count: u64,
    /// The numbers of the first nodes of ranges that have about equally many ends of edges.
    pub first_numbers: Arc<[u32]>,
}

/// Numbers the nodes of a graph and collects their links.
pub fn number(driver: &mut Driver, name: &str, inputs: &[PathBuf], ids: Ids, partitions: u32) -> Result<Named> {
    let ranges = id_ranges(inputs, ids, partitions, driver.inputs())?;
    let edge_by_target = EdgeByTarget { ids, edge: Edge::default(), previous: Vec::new() };
    let number = Job::new(name, edge_by_target, Number::default()).input(inputs);
    let numbered = driver.run_to_dataset(&number.partition_by(ranges.clone()).reducers(partitions))?;
    let numbering = Numbering::of(&driver.aggregate_by_partition("nodes"))?;

    let link = Job::new(name, ByNode, Link { numbering: numbering.clone() }).input(&numbered);
    let links = driver.run_to_dataset(&link.partition_by(ranges).reducers(partitions))?;
    let Numbering { first, nodes } = numbering;
    Ok(Named { links, nodes, edge_count: driver.aggregate("links"), first_numbers: first })
}

/// Sends the links of nodes.
#[derive(Clone)]
pub struct NamedLinks {
    pub links: LinkBatches,
}

impl Mapper for NamedLinks {
    type Input = Pairs<u32, Links>;
    type Key = u32;
    type Value = Packed<u32>;

    fn map(&mut self, (node, (_, targets)): (u32, Links), out: &mut impl Emit<u32, Packed<u32>>) -> Result<()> {
        targets.iter().for_each(|target| self.links.push(node, *target, out));
        Ok(())
    }

    fn finish(&mut self, out: &mut impl Emit<u32, Packed<u32>>) -> Result<()> {
        self.links.send(out);
        Ok(())
    }
}

/// Hands each node its id.
#[derive(Clone)]
pub struct NameOf;

impl Mapper for NameOf {
    /// Encoded [`Links`], of which only the id is needed.
    type Input = Pairs<u32, [u8]>;
    type Key = u32;
    type Value = (Option<f64>, Vec<u8>);

    fn map(&mut self, (node, mut links): (u32, &[u8]), out: &mut impl Emit<u32, Self::Value>) -> Result<()> {
        let name = <Vec<u8> as Value>::decode_part(&mut links)?;
        out.emit(node, (None::<f64>, name));
        Ok(())
    }
}
