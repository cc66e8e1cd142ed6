//! The neighbours of each node: a list of numbers, sorted, each once.
//!
//! ```text
//! b TAB a          number           ends                            reduce
//! a TAB c    ─▶    1 – 0     ─▶     (0, 1) (1, 0) (0, 2) (2, 0)    ─▶   0: 1 2    1: 0    2: 0
//! a TAB b          0 – 2            (0, 1) (1, 0)
//! ```
//!
//! Nodes are numbered in the order of their ids ([`nodes`], [`names`]), so that lists are short to write and to compare. Every
//! node has a list, which is empty where the node is linked to nothing but itself. Ids of any kind are put back for printing:
//! those that are small numbers cost a bit each, and others their bytes, in every task that prints.

use std::path::PathBuf;
use std::sync::Arc;

use twinmill::Held;
use twinmill::parts::Batches;
use twinmill::prelude::*;
use twinmill::record::Packed;

use crate::jobs::edges::Ids;
use crate::jobs::edges::graph::{Graph, Links};
use crate::jobs::edges::names::{self, Named};
use crate::jobs::edges::nodes::{self, CodedEdges, Nodes, ParseEdges};

/// The neighbours that an edge makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The target is a neighbour of the source.
    Along,
    /// Both ends are neighbours of each other.
    Both,
}

/// A graph as lists of neighbours.
pub struct Neighbours {
    pub nodes: u32,
    /// A list for each node, in ranges of nodes.
    pub lists: Dataset<u32, Packed<u32>>,
    pub ids: Arc<NodeIds>,
    _held: Held,
    /// What the ids were read from. A run that is resumed reads it again, so it stays to the end.
    _source: Source,
}

enum Source {
    Coded { _pieces: Dataset<u32, Packed<u64>> },
    Named { _links: Dataset<u32, names::Links> },
}

impl Neighbours {
    /// Reads a graph and collects the neighbours of its nodes.
    pub fn read(driver: &mut Driver, name: &str, inputs: &[PathBuf], ids: Ids, direction: Direction) -> Result<Self> {
        let partitions = driver.config().reducers.max(driver.config().workers as u32);
        let ends = Ends { direction, batches: Batches::default() };
        match nodes::number(driver, name, inputs, ids)? {
            Some(numbered) => {
                let (nodes, count) = (numbered.nodes, numbered.pieces);
                let by_node = TotalOrderPartitioner::of_numbers(nodes.count(), partitions);
                let ends = CodedEnds { nodes: nodes.clone(), ends };
                let job = Job::new(name, ends, Collect::default()).input(&numbered.edges).reducers(partitions);
                let lists = driver.run_to_dataset(&job.partition_by(by_node))?;
                let source = Source::Coded { _pieces: count };
                let held = driver.hold(nodes.heap_bytes(), OF_IDS)?;
                let (nodes, ids) = (nodes.count(), Arc::new(NodeIds::Coded(nodes)));
                Ok(Neighbours { nodes, lists, ids, _held: held, _source: source })
            }
            None => {
                let Named { links, nodes, .. } = names::number(driver, name, inputs, ids, partitions)?;
                let by_node = TotalOrderPartitioner::of_numbers(nodes, partitions);
                let job = Job::new(name, NamedEnds { ends }, Collect::default()).input(&links).reducers(partitions);
                let lists = driver.run_to_dataset(&job.partition_by(by_node))?;
                let mut held = driver.hold(0, OF_IDS)?;
                let ids = Arc::new(NodeIds::named(&links, ids, &mut held)?);
                Ok(Neighbours { nodes, lists, ids, _held: held, _source: Source::Named { _links: links } })
            }
        }
    }

    /// Counts an array with so many bytes for each node, of which there are so many copies at a time, in the memory budget.
    ///
    /// # Errors
    /// Those of [`Driver::hold`].
    pub fn hold(&self, driver: &Driver, bytes_a_node: usize, copies: u32) -> Result<Held> {
        let bytes = u64::from(self.nodes) * bytes_a_node as u64 * u64::from(copies);
        driver.hold(bytes, &format!("the work on {} nodes", self.nodes))
    }

    /// Gives each part of the output a range of nodes.
    pub fn by_part(&self, reducers: u32) -> TotalOrderPartitioner {
        TotalOrderPartitioner::of_numbers(self.nodes, reducers.max(1))
    }
}

/// The ids, as messages call them.
const OF_IDS: &str = "the list of the ids of all nodes";

/// The number of reduce tasks that work at the same time.
pub fn reducers_at_work(config: &JobConfig) -> u32 {
    config.reducers.max(1).min(config.workers as u32)
}

/// Sends the ends of edges to each other.
#[derive(Clone)]
struct Ends {
    direction: Direction,
    batches: Batches<u32>,
}

impl Ends {
    #[inline(always)]
    fn push(&mut self, source: u32, target: u32, out: &mut impl Emit<u32, Packed<u32>>) {
        self.batches.push(source, target, out);
        // A node to which nothing else leads back is told that it exists, by a loop that is dropped later.
        let back = if self.direction == Direction::Both { source } else { target };
        self.batches.push(target, back, out);
    }
}

#[derive(Clone)]
struct CodedEnds {
    nodes: Arc<Nodes>,
    ends: Ends,
}

impl Mapper for CodedEnds {
    type Input = Blocks<ParseEdges>;
    type Key = u32;
    type Value = Packed<u32>;

    fn map(&mut self, block: &CodedEdges, out: &mut impl Emit<u32, Packed<u32>>) -> Result<()> {
        for (source, target) in &block.edges {
            self.ends.push(self.nodes.number(*source), self.nodes.number(*target), out);
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut impl Emit<u32, Packed<u32>>) -> Result<()> {
        self.ends.batches.send(out);
        Ok(())
    }
}

#[derive(Clone)]
struct NamedEnds {
    ends: Ends,
}

impl Mapper for NamedEnds {
    type Input = Pairs<u32, names::Links>;
    type Key = u32;
    type Value = Packed<u32>;

    fn map(&mut self, (node, (_, targets)): (u32, names::Links), out: &mut impl Emit<u32, Packed<u32>>) -> Result<()> {
        targets.iter().for_each(|target| self.ends.push(node, *target, out));
        Ok(())
    }

    fn finish(&mut self, out: &mut impl Emit<u32, Packed<u32>>) -> Result<()> {
        self.ends.batches.send(out);
        Ok(())
    }
}

/// Collects the neighbours of a node.
#[derive(Clone, Default)]
struct Collect {
    list: Vec<u32>,
}

/// Neighbours that are gathered before repetitions are dropped.
const FEW: usize = 1 << 16;

impl Reducer for Collect {
    type Key = u32;
    type Value = Packed<u32>;
    type OutKey = u32;
    type OutValue = Packed<u32>;

    fn reduce(
        &mut self,
        node: u32,
        some: &mut Values<Packed<u32>>,
        out: &mut impl Emit<u32, Packed<u32>>,
    ) -> Result<()> {
        let (list, mut enough) = (&mut self.list, FEW);
        list.clear();
        while let Some(some) = some.next() {
            list.extend(some.iter().filter(|neighbour| *neighbour != node));
            if list.len() > enough {
                each_once(list);
                enough = FEW.max(2 * list.len());
            }
        }
        each_once(list);
        out.emit(node, &list[..]);
        Ok(())
    }
}

fn each_once(list: &mut Vec<u32>) {
    list.sort_unstable();
    list.dedup();
}

/// The ids of nodes by their numbers.
pub enum NodeIds {
    /// Ids that are small numbers.
    Coded(Arc<Nodes>),
    /// Other ids, as they are printed, one after the other, and the end of each.
    Named { text: Vec<u8>, ends: Vec<usize> },
}

impl NodeIds {
    fn named(links: &Dataset<u32, names::Links>, ids: Ids, held: &mut Held) -> Result<Self> {
        let (mut text, mut ends) = (Vec::new(), Vec::new());
        // Partitions are ranges of nodes, each in order.
        links.for_each(|_, (id, _)| {
            text.extend_from_slice(&ids.text(&id)?);
            ends.push(text.len());
            held.grow_to((text.capacity() + ends.capacity() * size_of::<usize>()) as u64)
        })?;
        Ok(NodeIds::Named { text, ends })
    }

    /// Appends the id of a node.
    pub fn write(&self, node: u32, out: &mut Vec<u8>) {
        match self {
            NodeIds::Coded(nodes) => nodes.write_id(nodes.code(node), out),
            NodeIds::Named { text, ends } => {
                let node = node as usize;
                let start = if node == 0 { 0 } else { ends[node - 1] };
                out.extend_from_slice(&text[start..ends[node]]);
            }
        }
    }

    /// The node with an id, as it is printed.
    pub fn find(&self, id: &[u8]) -> Option<u32> {
        let is_it = |node: u32| {
            let mut text = Vec::new();
            self.write(node, &mut text);
            text == id
        };
        match self {
            NodeIds::Coded(nodes) => Some(nodes.number_of_id(id)).filter(|node| *node < nodes.count() && is_it(*node)),
            NodeIds::Named { ends, .. } => (0..ends.len() as u32).find(|node| is_it(*node)),
        }
    }
}

/// Replaces numbers in a list by ids, with commas between them.
pub fn write_list(ids: &NodeIds, nodes: impl IntoIterator<Item = u32>, out: &mut Vec<u8>) {
    for (place, node) in nodes.into_iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        ids.write(node, out);
    }
}

/// Calls `each` with what two sorted lists have in common, in order.
#[inline]
pub fn for_each_common(one: &[u32], other: &[u32], mut each: impl FnMut(u32)) {
    let (mut one, mut other) = (one.iter().peekable(), other.iter().peekable());
    while let (Some(a), Some(b)) = (one.peek(), other.peek()) {
        match a.cmp(b) {
            std::cmp::Ordering::Less => drop(one.next()),
            std::cmp::Ordering::Greater => drop(other.next()),
            std::cmp::Ordering::Equal => {
                each(**a);
                one.next();
                other.next();
            }
        }
    }
}

/// The neighbours of all nodes in memory, for the references.
pub struct Listed {
    pub graph: Graph,
    links: Links,
}

impl Listed {
    pub fn of(mut graph: Graph, direction: Direction) -> Self {
        let mut edges = std::mem::take(&mut graph.edges);
        edges.retain(|(source, target)| source != target);
        if direction == Direction::Both {
            let back: Vec<_> = edges.iter().map(|(source, target)| (*target, *source)).collect();
            edges.extend(back);
        }
        let links = Links::of(graph.nodes, &edges);
        Listed { graph, links }
    }

    pub fn list(&self, node: u32) -> &[u32] {
        self.links.list(node)
    }

    /// The ids of all nodes.
    pub fn ids(&self) -> Result<NodeIds> {
        let (mut text, mut ends) = (Vec::new(), Vec::new());
        self.graph.for_each_id(|_, id| {
            text.extend_from_slice(id);
            ends.push(text.len());
            Ok(())
        })?;
        Ok(NodeIds::Named { text, ends })
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn two_lists_have_in_common_what_is_in_both() {
        let common = |one: &[u32], other: &[u32]| {
            let mut common = Vec::new();
            super::for_each_common(one, other, |node| common.push(node));
            common
        };
        assert_eq!(common(&[1, 3, 5, 9], &[0, 3, 4, 5, 6]), [3, 5]);
        assert!(common(&[], &[1]).is_empty());
    }
}
