//! Connected components of a graph whose edges have no direction: each node gets the smallest id that it is connected to.
//!
//! ```text
//! edges ─▶ number ─▶ join ─▶ (one reducer) ─▶ print     ids are small numbers, and there is room for a number a node
//!    └───▶ large-star ⇄ small-star ─▶ print             other ids; more nodes
//! ```
//!
//! # A number for each node
//!
//! 1. *number* gives each node a number, in the order of the ids: by [a bit for each id](crate::jobs::edges::nodes).
//! 2. *join*: map joins the ends of all edges of its split in a [forest](Forest), and sends the root of each node, however
//!    many edges there were. Reduce joins the forests of all splits in one. The smallest node of a tree is its root, and
//!    the label of all its nodes.
//! 3. *print* puts ids to the numbers, in as many parts as the output has.
//!
//! What is shuffled is a block of numbers, as in [PageRank](crate::jobs::pagerank): roots for all nodes of a block, or a place
//! and a root for some.
//!
//! # Stars
//!
//! Kiveris et al., "Connected Components in MapReduce and Beyond" (2014): two steps take turns until every component is a
//! star around its smallest node.
//!
//! - *Large-star*: each node connects its larger neighbours to the smallest of its neighbours and itself.
//! - *Small-star*: each node connects its smaller neighbours and itself to the smallest of them.
//!
//! Both keep what is connected connected, and the number of rounds grows with the logarithm of the number of nodes, not
//! with the length of paths. All edges change, so a loop has nothing invariant. A node's neighbours come sorted by id and
//! are never held together, however many there are.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use hashbrown::HashMap;
use twinmill::check::LineOrder;
use twinmill::generate::{Kind, Shape};
use twinmill::prelude::*;
use twinmill::program::{Highlights, Output, Program, Reference};
use twinmill::record::Packed;
use twinmill::reference::ReferenceRun;

use crate::jobs::edges::graph::Graph;
use crate::jobs::edges::nodes::{self, CodedEdges, Nodes, Numbered, ParseEdges};
use crate::jobs::edges::{Edge, Ids, id_ranges};
use crate::jobs::highlights::{ROWS, grouped, text};

pub struct Components;

#[derive(clap::Args)]
pub struct Options {
    /// Kind of the node ids
    #[arg(long, value_enum, default_value = "text")]
    ids: Ids,
}

// ------------------------------------------------------------------ join

/// Trees of nodes that are connected; the root of each is its smallest node.
#[derive(Clone, Debug, Default)]
struct Forest {
    parents: Vec<u32>,
}

impl Forest {
    fn of_single_nodes(nodes: u32) -> Self {
        Forest { parents: (0..nodes).collect() }
    }

    /// The root of a node's tree. Nodes on the way are linked to their parents' parents, so that the way gets shorter.
    #[inline(always)]
    fn root(&mut self, mut node: u32) -> u32 {
        loop {
            let parent = self.parents[node as usize];
            if parent == node {
                return node;
            }
            let grandparent = self.parents[parent as usize];
            self.parents[node as usize] = grandparent;
            node = grandparent;
        }
    }

    /// Joins the trees of two nodes.
    #[inline(always)]
    fn join(&mut self, one: u32, other: u32) {
        let (one, other) = (self.root(one), self.root(other));
        self.parents[one.max(other) as usize] = one.min(other);
    }
}

/// Nodes of a block of roots.
const BLOCK_NODES: usize = 1 << 14;

/// The kinds of records about a block.
const ALL: u8 = 1;
const SOME: u8 = 2;

/// Joins the ends of the edges in a split.
#[derive(Clone)]
struct JoinEdges {
    nodes: Arc<Nodes>,
    forest: Forest,
}

impl Mapper for JoinEdges {
    type Input = Blocks<ParseEdges>;
    type Key = (u32, u8);
    type Value = Packed<u32>;

    fn setup(&mut self, _: &TaskContext) -> Result<()> {
        self.forest = Forest::of_single_nodes(self.nodes.count());
        Ok(())
    }

    fn map(&mut self, block: &CodedEdges, _: &mut impl Emit<(u32, u8), Packed<u32>>) -> Result<()> {
        for (source, target) in &block.edges {
            self.forest.join(self.nodes.number(*source), self.nodes.number(*target));
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut impl Emit<(u32, u8), Packed<u32>>) -> Result<()> {
        let mut roots = Vec::with_capacity(BLOCK_NODES);
        for first in (0..self.nodes.count()).step_by(BLOCK_NODES) {
            let nodes = first..self.nodes.count().min(first.saturating_add(BLOCK_NODES as u32));
            roots.clear();
            roots.extend(nodes.clone().map(|node| self.forest.root(node)));
            let others = || nodes.clone().zip(&roots).filter(|(node, root)| node != *root);
            if 2 * others().count() >= roots.len() {
                out.emit((first, ALL), &roots[..]);
            } else {
                let some: Vec<u32> = others().flat_map(|(node, root)| [node, *root]).collect();
                if !some.is_empty() {
                    out.emit((first, SOME), &some[..]);
                }
            }
        }
        Ok(())
    }
}

/// Joins the forests of all splits, and labels the nodes, in blocks that lie within a part of the output.
#[derive(Clone)]
struct JoinForests {
    nodes: u32,
    /// The first node of each part but the first.
    points: Arc<[u32]>,
    forest: Forest,
}

impl Reducer for JoinForests {
    type Key = (u32, u8);
    type Value = Packed<u32>;
    type OutKey = u32;
    type OutValue = Packed<u32>;

    fn setup(&mut self, _: &TaskContext) -> Result<()> {
        self.forest = Forest::of_single_nodes(self.nodes);
        Ok(())
    }

    fn reduce(
        &mut self,
        (first, kind): (u32, u8),
        blocks: &mut Values<Packed<u32>>,
        _: &mut impl Emit<u32, Packed<u32>>,
    ) -> Result<()> {
        while let Some(roots) = blocks.next() {
            if kind == ALL {
                (first..).zip(roots.iter()).for_each(|(node, root)| self.forest.join(node, root));
                continue;
            }
            let mut roots = roots.iter();
            while let (Some(node), Some(root)) = (roots.next(), roots.next()) {
                self.forest.join(node, root);
            }
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut impl Emit<u32, Packed<u32>>) -> Result<()> {
        let (mut labels, mut first) = (Vec::with_capacity(BLOCK_NODES), 0);
        for end in self.points.iter().copied().chain([self.nodes]) {
            while first < end {
                let to = end.min(first.saturating_add(BLOCK_NODES as u32));
                labels.clear();
                labels.extend((first..to).map(|node| self.forest.root(node)));
                out.emit(first, &labels[..]);
                first = to;
            }
        }
        Ok(())
    }
}

/// Prints the labels of nodes. The key is the first node's number.
#[derive(Clone)]
struct PrintCoded {
    nodes: Arc<Nodes>,
}

impl Reducer for PrintCoded {
    type Key = u32;
    type Value = Packed<u32>;
    type OutKey = [u8];
    type OutValue = [u8];

    fn reduce(&mut self, first: u32, labels: &mut Values<Packed<u32>>, out: &mut impl Emit<[u8], [u8]>) -> Result<()> {
        let (mut label_id, mut written) = (Vec::new(), None);
        while let Some(labels) = labels.next() {
            self.nodes.zip_ids(first, labels.iter(), |id, label| {
                if written != Some(label) {
                    label_id.clear();
                    self.nodes.write_id(self.nodes.code(label), &mut label_id);
                    written = Some(label);
                }
                out.emit(id, &label_id[..]);
                Ok(())
            })?;
        }
        Ok(())
    }
}

/// Whether the workers' forests, and that of the reducer, take at most half of the memory budget.
fn forests_fit(nodes: u32, config: &JobConfig) -> bool {
    u64::from(nodes) * size_of::<u32>() as u64 * config.workers as u64 <= config.memory_bytes / 2
}

/// The first node of each part of the output but the first.
fn first_nodes(nodes: &Nodes, ids: Ids, parts: &TotalOrderPartitioner, reducers: u32) -> Result<Arc<[u32]>> {
    let mut encoded = Vec::new();
    let part_of = |node: u32, encoded: &mut Vec<u8>| -> Result<u32> {
        let mut id = Vec::new();
        nodes.write_id(nodes.code(node), &mut id);
        encoded.clear();
        ids.encode(&id, encoded)?;
        Ok(parts.partition(encoded, reducers))
    };
    let first_of = |part: u32| {
        let (mut low, mut high) = (0, nodes.count());
        while low < high {
            let middle = low + (high - low) / 2;
            if part_of(middle, &mut encoded)? < part { low = middle + 1 } else { high = middle }
        }
        Ok(low)
    };
    (1..reducers).map(first_of).collect::<Result<Vec<_>>>().map(Arc::from)
}

fn join(driver: &mut Driver, numbered: Numbered, ids: Ids, parts: &TotalOrderPartitioner) -> Result<()> {
    let Numbered { edges, nodes, .. } = &numbered;
    let points = first_nodes(nodes, ids, parts, driver.config().reducers)?;
    let by_part = points.iter().map(|node| node.to_be_bytes().into()).collect();
    let forests = JoinForests { nodes: nodes.count(), points, forest: Forest::default() };
    let join = JoinEdges { nodes: nodes.clone(), forest: Forest::default() };
    let labels = driver.run_to_dataset(&Job::new(Components::NAME, join, forests).input(edges).reducers(1))?;
    let print = Job::new(Components::NAME, Identity, PrintCoded { nodes: nodes.clone() }).input(&labels);
    driver.run(&print.partition_by(TotalOrderPartitioner::from_split_points(by_part)))
}

// ------------------------------------------------------------------ stars

/// Two nodes, or one twice: a node that is connected to nothing keeps an edge to itself. The key of an edge is the
/// encoded ids, one after the other.
type EdgeKey = [u8];

/// Reads edges from text. Each goes to both of its ends.
#[derive(Clone)]
struct BothEnds {
    ids: Ids,
    edge: Edge,
    turned: Vec<u8>,
}

impl Mapper for BothEnds {
    type Input = Lines;
    type Key = EdgeKey;
    type Value = ();

    fn map(&mut self, line: Record<'_>, out: &mut impl Emit<EdgeKey, ()>) -> Result<()> {
        if self.edge.parse(&line, self.ids)? {
            emit_both_ends(self.edge.source(), self.edge.target(), &mut self.turned, out);
        }
        Ok(())
    }
}

fn emit_both_ends(one: &[u8], other: &[u8], key: &mut Vec<u8>, out: &mut impl Emit<EdgeKey, ()>) {
    emit(one, other, key, out);
    if one != other {
        emit(other, one, key, out);
    }
}

fn emit(one: &[u8], other: &[u8], key: &mut Vec<u8>, out: &mut impl Emit<EdgeKey, ()>) {
    key.clear();
    key.extend_from_slice(one);
    key.extend_from_slice(other);
    out.emit(&key[..], ());
}

/// The ends that an edge is sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    LargeStar,
    SmallStar,
}

/// Hands the edges of one step to the other.
#[derive(Clone)]
struct ToEnds {
    ids: Ids,
    step: Step,
    key: Vec<u8>,
}

impl Mapper for ToEnds {
    type Input = Pairs<EdgeKey, ()>;
    type Key = EdgeKey;
    type Value = ();

    fn map(&mut self, (edge, ()): (&[u8], ()), out: &mut impl Emit<EdgeKey, ()>) -> Result<()> {
        let (one, other) = edge.split_at(self.ids.first_len()(edge));
        match self.step {
            Step::LargeStar => emit_both_ends(one, other, &mut self.key, out),
            Step::SmallStar => emit(one.max(other), one.min(other), &mut self.key, out),
        }
        Ok(())
    }
}

/// A step at one node: its neighbours come in order, the smallest first.
#[derive(Clone)]
struct Star {
    ids: Ids,
    step: Step,
    key: Vec<u8>,
    smallest: Vec<u8>,
    previous: Vec<u8>,
}

impl Star {
    fn new(ids: Ids, step: Step) -> Self {
        Star { ids, step, key: Vec::new(), smallest: Vec::new(), previous: Vec::new() }
    }
}

impl Reducer for Star {
    type Key = EdgeKey;
    type Value = ();
    type OutKey = EdgeKey;
    type OutValue = ();

    fn reduce(&mut self, first: &[u8], edges: &mut Values<()>, out: &mut impl Emit<EdgeKey, ()>) -> Result<()> {
        let Star { ids, step, key, smallest, previous } = self;
        let (node, first_neighbour) = first.split_at(ids.first_len()(first));
        smallest.clear();
        smallest.extend_from_slice(first_neighbour.min(node));
        previous.clear();
        let mut changes = 0;
        while edges.next().is_some() {
            let neighbour = &edges.key()[node.len()..];
            if neighbour == &previous[..] {
                continue;
            }
            previous.clear();
            previous.extend_from_slice(neighbour);
            if neighbour == node {
                // Only a node without any other neighbour needs the edge to itself to be known.
                if &smallest[..] == node {
                    emit(node, node, key, out);
                }
                continue;
            }
            match step {
                Step::LargeStar if neighbour > node => {
                    emit(neighbour, smallest, key, out);
                    changes += u64::from(&smallest[..] != node);
                }
                Step::LargeStar => {}
                Step::SmallStar if neighbour == &smallest[..] => emit(node, smallest, key, out),
                Step::SmallStar => {
                    emit(neighbour, smallest, key, out);
                    changes += 1;
                }
            }
        }
        out.aggregate("changes", changes);
        Ok(())
    }
}

/// Emits both ends of an edge of a star with its centre.
#[derive(Clone)]
struct ByMember {
    ids: Ids,
}

impl Mapper for ByMember {
    type Input = Pairs<EdgeKey, ()>;
    type Key = [u8];
    type Value = [u8];

    fn map(&mut self, (edge, ()): (&[u8], ()), out: &mut impl Emit<[u8], [u8]>) -> Result<()> {
        let (member, centre) = edge.split_at(self.ids.first_len()(edge));
        out.emit(member, centre);
        out.emit(centre, centre);
        Ok(())
    }
}

#[derive(Clone)]
struct Print {
    ids: Ids,
}

impl Reducer for Print {
    type Key = [u8];
    type Value = [u8];
    type OutKey = [u8];
    type OutValue = [u8];

    fn reduce(&mut self, node: &[u8], centres: &mut Values<[u8]>, out: &mut impl Emit<[u8], [u8]>) -> Result<()> {
        let centre = centres.next().expect("a group has a value");
        out.emit(&self.ids.text(node)?, &self.ids.text(centre)?[..]);
        Ok(())
    }
}

impl Program for Components {
    type Options = Options;

    const NAME: &'static str = "components";
    const ABOUT: &'static str = "Find the connected components of a graph";
    const SUBJECT: &'static str = "graphs";
    const REFERENCE: Option<Reference<Self>> = Some(Self::reference);

    fn default_input(&self) -> Option<(Kind, Shape)> {
        Some((Kind::Graph, Shape::records(2_000_000)))
    }

    fn line_order(&self, _: &Options) -> LineOrder {
        LineOrder::Free
    }

    fn run(&self, options: &Options, inputs: &[PathBuf], session: &Session) -> Result<Report> {
        let mut driver = Driver::start(Self::NAME, session)?;
        let parts = id_ranges(inputs, options.ids, session.config.reducers, driver.inputs())?;
        match nodes::number(&mut driver, Self::NAME, inputs, options.ids)? {
            Some(numbered) if forests_fit(numbered.nodes.count(), &session.config) => {
                join(&mut driver, numbered, options.ids, &parts)?;
            }
            _ => stars(&mut driver, inputs, options.ids, parts)?,
        }
        driver.finish()
    }

    fn show(&self, _: &Options, output: &Output<'_>) -> Result<Option<Highlights>> {
        let (mut nodes, mut sizes) = (0, HashMap::<Vec<u8>, u64>::new());
        output.each_record(|_, component| {
            nodes += 1;
            *sizes.entry_ref(component).or_default() += 1;
            Ok(())
        })?;
        let mut sizes: Vec<_> = sizes.into_iter().collect();
        sizes.sort_unstable_by(|(one, size), (other, size_of_other)| size_of_other.cmp(size).then(one.cmp(other)));
        let components = sizes.len() as u64;
        let first = if components > ROWS as u64 { "; the largest" } else { "" };
        let heading = match components {
            1 => format!("1 component of {} nodes:", grouped(nodes)),
            _ => format!("{} components of {} nodes{first}:", grouped(components), grouped(nodes)),
        };
        let mut rows = vec![["smallest id", "nodes"].map(str::to_owned).to_vec()];
        rows.extend(sizes.iter().take(ROWS).map(|(component, size)| vec![text(component), grouped(*size)]));
        Ok(Some(Highlights { heading, rows }))
    }
}

/// Makes stars of all components and prints them.
fn stars(driver: &mut Driver, inputs: &[PathBuf], ids: Ids, parts: TotalOrderPartitioner) -> Result<()> {
    let name = Components::NAME;
    let partitions = driver.config().reducers.max(driver.config().workers as u32);
    let to_ends = |step| ToEnds { ids, step, key: Vec::new() };
    let mut edges: Option<Dataset<EdgeKey, ()>> = None;
    driver.iterate(usize::MAX, |driver, _| {
        let large = Star::new(ids, Step::LargeStar);
        let larger = match &edges {
            None => {
                let both_ends = BothEnds { ids, edge: Edge::default(), turned: Vec::new() };
                let job = Job::new(name, both_ends, large).input(inputs);
                driver.run_to_dataset(&job.group_by_prefix(ids.first_len()).reducers(partitions))?
            }
            Some(edges) => {
                let job = Job::new(name, to_ends(Step::LargeStar), large).input(edges);
                driver.run_to_dataset(&job.group_by_prefix(ids.first_len()).reducers(partitions))?
            }
        };
        let changes = driver.aggregate("changes");
        let small = Star::new(ids, Step::SmallStar);
        let job = Job::new(name, to_ends(Step::SmallStar), small).input(&larger);
        edges = Some(driver.run_to_dataset(&job.group_by_prefix(ids.first_len()).reducers(partitions))?);
        let changes = changes + driver.aggregate("changes");
        Ok(if changes == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    let stars = edges.expect("there is an iteration");
    driver.run(&Job::new(name, ByMember { ids }, Print { ids }).input(&stars).partition_by(parts))
}

impl Components {
    fn reference(&self, options: &Options, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        let graph = Graph::read(inputs, options.ids, run)?;
        let mut forest = Forest::of_single_nodes(graph.nodes);
        graph.edges.iter().for_each(|(one, other)| forest.join(*one, *other));
        let parts = id_ranges(inputs, options.ids, run.reducers(), run.inputs())?;
        // The smallest node of a component comes before all others of it.
        let (mut texts, mut ends) = (Vec::new(), vec![0]);
        let mut encoded = Vec::new();
        graph.for_each_id(|node, id| {
            texts.extend_from_slice(id);
            ends.push(texts.len());
            let centre = forest.root(node) as usize;
            encoded.clear();
            options.ids.encode(id, &mut encoded)?;
            run.write(parts.partition(&encoded, run.reducers()), id, &texts[ends[centre]..ends[centre + 1]])
        })
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_root_of_a_tree_is_its_smallest_node() {
        use super::*;

        let mut forest = Forest::of_single_nodes(8);
        for (one, other) in [(7, 6), (5, 6), (3, 3), (1, 5), (2, 4), (7, 1)] {
            forest.join(one, other);
        }
        let roots: Vec<u32> = (0..8).map(|node| forest.root(node)).collect();
        assert_eq!(roots, [0, 1, 2, 3, 2, 1, 1, 1]);
    }
}
