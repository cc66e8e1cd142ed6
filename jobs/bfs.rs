//! Breadth-first search: how many edges the shortest way from one node to each other one has, along the edges.
//!
//! ```text
//! level 0   source                     job of a level: map     for each node that was reached last, its neighbours
//! level 1   its neighbours                             reduce  each of them once
//! level 2   theirs, if not reached yet                 driver  marks them as reached
//! ```
//!
//! 1. *neighbours*: [lists](crate::jobs::edges::neighbours) of the nodes that each node leads to. They do not change, so a
//!    loop reads them again for every level, or keeps them: the factor `--invariant`.
//! 2. *level*: map looks at all lists and emits the neighbours of the frontier, the nodes that were reached last. Which nodes
//!    these are, and which were reached before, is a bit a node, side data for all tasks. Reduce drops repetitions.
//! 3. *print*: the level of each node, -1 where no way leads to it.
//!
//! - *Shuffle*: no more than the nodes that a level reaches, once a task. The lists stay where they are.
//! - *Memory* helps as much as there are levels: each of them goes through the whole graph, and most of the graph is for nothing.
//!   That is what MapReduce costs where a queue in one thread looks at every edge once.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use twinmill::check::LineOrder;
use twinmill::generate::{Kind, Shape};
use twinmill::prelude::*;
use twinmill::program::{Highlights, Output, Program, Reference};
use twinmill::record::{Packed, PackedRef};
use twinmill::reference::ReferenceRun;

use crate::jobs::edges::Ids;
use crate::jobs::edges::bits::{Bits, PIECE_BITS, Together};
use crate::jobs::edges::graph::Graph;
use crate::jobs::edges::neighbours::{Direction, Listed, Neighbours, NodeIds};
use crate::jobs::highlights::{ROWS, grouped, text};
use crate::jobs::shown::Shown;

pub struct Bfs;

#[derive(clap::Args)]
pub struct Options {
    /// The node to begin at [default: the one with the first id]
    #[arg(long, value_name = "ID")]
    source: Option<String>,
    /// Kind of the node ids
    #[arg(long, value_enum, default_value = "text")]
    ids: Ids,
}

impl Options {
    /// The number of the source.
    fn source(&self, ids: &NodeIds) -> Result<u32> {
        let Some(source) = &self.source else { return Ok(0) };
        let mut encoded = Vec::new();
        self.ids.encode(source.as_bytes(), &mut encoded)?;
        ids.find(&self.ids.text(&encoded)?).ok_or_else(|| no_node(source))
    }
}

#[cold]
fn no_node(source: &str) -> Error {
    let source = Shown(source.as_bytes());
    Error::user(format!("--source {source} is no node of the graph: no edge begins or ends there"))
}

/// The level of a node that was not reached.
const UNREACHED: i32 = -1;

// ------------------------------------------------------------------ levels

/// Lists of neighbours, as a loop reads them.
#[derive(Debug, Default)]
struct Lists {
    /// Each node, and where its list ends.
    nodes: Vec<(u32, usize)>,
    neighbours: Vec<u32>,
}

impl Block for Lists {
    fn records(&self) -> u64 {
        self.nodes.len() as u64
    }

    fn heap_bytes(&self) -> usize {
        self.nodes.capacity() * size_of::<(u32, usize)>() + self.neighbours.capacity() * size_of::<u32>()
    }
}

struct ParseLists;

impl Parse for ParseLists {
    type Input = Pairs<u32, Packed<u32>>;
    type Block = Lists;

    fn parse(&self, (node, list): (u32, PackedRef<'_, u32>), lists: &mut Lists) -> Result<()> {
        if !list.is_empty() {
            lists.neighbours.extend(list.iter());
            lists.nodes.push((node, lists.neighbours.len()));
        }
        Ok(())
    }
}

/// Reaches the neighbours of the frontier.
#[derive(Clone)]
struct Reach {
    frontier: Arc<Bits>,
    reached: Arc<Bits>,
    next: Bits,
}

impl Mapper for Reach {
    type Input = Blocks<ParseLists>;
    type Key = u32;
    type Value = Packed<u64>;

    fn setup(&mut self, _: &TaskContext) -> Result<()> {
        self.next = Bits::default();
        Ok(())
    }

    fn map(&mut self, lists: &Lists, _: &mut impl Emit<u32, Packed<u64>>) -> Result<()> {
        let mut start = 0;
        for (node, end) in &lists.nodes {
            if self.frontier.has(*node) {
                let new = lists.neighbours[start..*end].iter().filter(|neighbour| !self.reached.has(**neighbour));
                new.for_each(|neighbour| self.next.set(*neighbour));
            }
            start = *end;
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut impl Emit<u32, Packed<u64>>) -> Result<()> {
        self.next.emit(out);
        Ok(())
    }
}

/// The levels of all nodes.
fn levels(driver: &mut Driver, name: &str, graph: &Neighbours, source: u32) -> Result<Vec<i32>> {
    // A level, and three bits: of the frontier, of what was reached, and of what a task reaches.
    let _held = graph.hold(driver, size_of::<i32>() + 1, 1)?;
    let mut levels = vec![UNREACHED; graph.nodes as usize];
    let Some(level) = levels.get_mut(source as usize) else { return Ok(levels) };
    *level = 0;
    let lists = driver.invariant(&graph.lists, ParseLists)?;
    let (mut frontier, mut reached) = (Bits::none(graph.nodes), Bits::none(graph.nodes));
    frontier.set(source);
    reached.set(source);
    // A run that is resumed reads them again, so they stay to the end.
    let mut steps = Vec::new();
    driver.iterate(usize::MAX, |driver, iteration| {
        let side = (Arc::new(std::mem::take(&mut frontier)), Arc::new(reached.clone()));
        let reach = Reach { frontier: side.0, reached: side.1, next: Bits::default() };
        let step = driver.run_to_dataset(&Job::new(name, reach, Together).input(&lists).reducers(1))?;
        frontier = Bits::none(graph.nodes);
        step.for_each(|piece, words: PackedRef<'_, u64>| {
            for (word, mut bits) in (0u32..).zip(words.iter()) {
                while bits != 0 {
                    let node = piece * PIECE_BITS + word * u64::BITS + bits.trailing_zeros();
                    bits &= bits - 1;
                    levels[node as usize] = iteration as i32 + 1;
                    frontier.set(node);
                    reached.set(node);
                }
            }
            Ok(())
        })?;
        let ended = step.records() == 0;
        steps.push(step);
        Ok(if ended { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    Ok(levels)
}

/// Prints levels.
#[derive(Clone)]
struct Print {
    ids: Arc<NodeIds>,
    id: Vec<u8>,
}

impl Reducer for Print {
    type Key = u32;
    type Value = i32;
    type OutKey = [u8];
    type OutValue = i32;

    fn reduce(&mut self, node: u32, levels: &mut Values<i32>, out: &mut impl Emit<[u8], i32>) -> Result<()> {
        self.id.clear();
        self.ids.write(node, &mut self.id);
        levels.for_each(|level| out.emit(&self.id, level));
        Ok(())
    }
}

impl Program for Bfs {
    type Options = Options;

    const NAME: &'static str = "bfs";
    const ABOUT: &'static str = "Find how many edges each node is away from another one";
    const SUBJECT: &'static str = "graphs";
    const REFERENCE: Option<Reference<Self>> = Some(Self::reference);

    fn default_input(&self) -> Option<(Kind, Shape)> {
        Some((Kind::Graph, Shape::records(2_000_000)))
    }

    fn line_order(&self, _: &Options) -> LineOrder {
        LineOrder::Free
    }

    fn run(&self, options: &Options, inputs: &[PathBuf], session: &Session) -> Result<Report> {
        let (mut driver, name) = (Driver::start(Self::NAME, session)?, Self::NAME);
        let graph = Neighbours::read(&mut driver, name, inputs, options.ids, Direction::Along)?;
        let levels = levels(&mut driver, name, &graph, options.source(&graph.ids)?)?;
        let levels: Dataset<u32, i32> = driver.parallelize((0u32..).zip(levels))?;
        let print = Print { ids: graph.ids.clone(), id: Vec::new() };
        let job = Job::new(name, Identity, print).input(&levels);
        driver.run(&job.partition_by(graph.by_part(session.config.reducers)))?;
        driver.finish()
    }

    fn show(&self, _: &Options, output: &Output<'_>) -> Result<Option<Highlights>> {
        let mut levels = std::collections::BTreeMap::<i64, u64>::new();
        output.each_record(|_, level| {
            *levels.entry(text(level).parse()?).or_default() += 1;
            Ok(())
        })?;
        let unreached = levels.remove(&i64::from(UNREACHED)).unwrap_or(0);
        let reached: u64 = levels.values().sum();
        let heading = format!("{} nodes reached, {} not; by level:", grouped(reached), grouped(unreached));
        let mut rows = vec![["level", "nodes"].map(str::to_owned).to_vec()];
        rows.extend(levels.iter().take(ROWS).map(|(level, nodes)| vec![level.to_string(), grouped(*nodes)]));
        Ok(Some(Highlights { heading, rows }))
    }
}

impl Bfs {
    fn reference(&self, options: &Options, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        let listed = Listed::of(Graph::read(inputs, options.ids, run)?, Direction::Along);
        let (nodes, source) = (listed.graph.nodes, options.source(&listed.ids()?)?);
        let (mut levels, mut queue) = (vec![UNREACHED; nodes as usize], std::collections::VecDeque::new());
        if let Some(level) = levels.get_mut(source as usize) {
            *level = 0;
            queue.push_back(source);
        }
        while let Some(node) = queue.pop_front() {
            for neighbour in listed.list(node) {
                if levels[*neighbour as usize] == UNREACHED {
                    levels[*neighbour as usize] = levels[node as usize] + 1;
                    queue.push_back(*neighbour);
                }
            }
        }
        let parts = TotalOrderPartitioner::of_numbers(nodes, run.reducers());
        listed.graph.for_each_id(|node, id| {
            run.write(parts.partition(&node.to_be_bytes(), run.reducers()), id, &levels[node as usize])
        })
    }
}
