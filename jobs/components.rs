//! Connected components of a graph whose edges have no direction: each node gets the smallest id that it is connected to.
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

use hashbrown::HashMap;
use twinmill::generate::{Kind, Shape};
use twinmill::prelude::*;
use twinmill::program::{Highlights, Output, Program, Reference};
use twinmill::reference::ReferenceRun;

use crate::jobs::edges::{Edge, Graph, Ids, id_ranges};
use crate::jobs::highlights::{ROWS, grouped, text};

pub struct Components;

#[derive(clap::Args)]
pub struct Options {
    /// Kind of the node ids
    #[arg(long, value_enum, default_value = "text")]
    ids: Ids,
}

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
    const REFERENCE: Option<Reference<Self>> = Some(Self::reference);

    fn default_input(&self) -> Option<(Kind, Shape)> {
        Some((Kind::Graph, Shape::records(2_000_000)))
    }

    fn run(&self, options: &Options, inputs: &[PathBuf], session: &Session) -> Result<Report> {
        let mut driver = Driver::start(Self::NAME, session)?;
        let ids = options.ids;
        let partitions = session.config.reducers.max(session.config.workers as u32);
        let to_ends = |step| ToEnds { ids, step, key: Vec::new() };
        let mut edges: Option<Dataset<EdgeKey, ()>> = None;
        driver.iterate(usize::MAX, |driver, _| {
            let large = Star::new(ids, Step::LargeStar);
            let larger = match &edges {
                None => {
                    let both_ends = BothEnds { ids, edge: Edge::default(), turned: Vec::new() };
                    let job = Job::new(Self::NAME, both_ends, large).input(inputs);
                    driver.run_to_dataset(&job.group_by_prefix(ids.first_len()).reducers(partitions))?
                }
                Some(edges) => {
                    let job = Job::new(Self::NAME, to_ends(Step::LargeStar), large).input(edges);
                    driver.run_to_dataset(&job.group_by_prefix(ids.first_len()).reducers(partitions))?
                }
            };
            let changes = driver.aggregate("changes");
            let small = Star::new(ids, Step::SmallStar);
            let job = Job::new(Self::NAME, to_ends(Step::SmallStar), small).input(&larger);
            edges = Some(driver.run_to_dataset(&job.group_by_prefix(ids.first_len()).reducers(partitions))?);
            let changes = changes + driver.aggregate("changes");
            Ok(if changes == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        let stars = edges.expect("there is an iteration");
        let job = Job::new(Self::NAME, ByMember { ids }, Print { ids }).input(&stars);
        let ranges = id_ranges(inputs, ids, session.config.reducers, driver.inputs())?;
        driver.run(&job.partition_by(ranges))?;
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

impl Components {
    fn reference(&self, options: &Options, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        let graph = Graph::read(inputs, options.ids, run)?;
        let mut parents: Vec<u32> = (0..graph.ids.len() as u32).collect();
        for (one, other) in &graph.edges {
            let (one, other) = (root(&mut parents, *one), root(&mut parents, *other));
            parents[one.max(other) as usize] = one.min(other);
        }
        let parts = id_ranges(inputs, options.ids, run.reducers(), run.inputs())?;
        for node in 0..graph.ids.len() as u32 {
            let (id, centre) = (&graph.ids[node as usize], &graph.ids[root(&mut parents, node) as usize]);
            let part = parts.partition(id, run.reducers());
            run.write(part, &options.ids.text(id)?, &options.ids.text(centre)?)?;
        }
        Ok(())
    }
}

/// The root of a node's tree, to which all nodes on the way are linked.
fn root(parents: &mut [u32], mut node: u32) -> u32 {
    while parents[node as usize] != node {
        let grandparent = parents[parents[node as usize] as usize];
        parents[node as usize] = grandparent;
        node = grandparent;
    }
    node
}
