//! PageRank: how often a reader who follows links at random, and now and then starts anew, comes to each node.
//!
//! ```text
//! edges ─▶ number ─▶ link ─▶ start ─▶ ┌ spread ┐ … ─▶ rank
//!                      │              └────────┘ one job an iteration
//!                      └─ links: node → its name and the nodes it links to
//! ```
//!
//! 1. *number* gives each node a number, in the order of the ids, and tells each node that links to it.
//! 2. *link* collects the numbers that a node links to, each once.
//! 3. *start* gives every node the rank 1/N.
//! 4. *spread*, once an iteration: map gives each node's rank in equal shares to the nodes it links to, reduce adds up. The
//!    rank of nodes without links is spread over all nodes.
//! 5. *rank* puts names and ranks together.
//!
//! The links do not change. Where invariant inputs are cached, map joins a partition of ranks with the same partition of
//! parsed links, and only ranks are shuffled. Where they are reread, they travel with the ranks from job to job, as in
//! Hadoop.
//!
//! Shares are added as integers, in units of 2^-62: such sums are the same in any order, and exact to 1e-18.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use twinmill::config::{Invariant as InvariantFactor, MAX_REDUCERS};
use twinmill::generate::{Kind, Shape};
use twinmill::prelude::*;
use twinmill::program::{Highlights, Output, Program, Reference};
use twinmill::record::Value;
use twinmill::reference::ReferenceRun;

use crate::jobs::edges::{Edge, Graph, Ids, id_ranges};
use crate::jobs::highlights::largest_numbers;
use crate::jobs::tolerance;

/// Iterations where neither they nor a tolerance are given.
const ITERATIONS: usize = 10;
/// Iterations at most where only a tolerance is given.
const MOST_ITERATIONS: usize = 1000;

pub struct PageRank;

#[derive(clap::Args)]
pub struct Options {
    /// Iterations, at most [default: 10, or 1000 with --tolerance]
    #[arg(long, value_name = "N")]
    iterations: Option<usize>,
    /// Stop when the ranks change by less than this in all (L1)
    #[arg(long, value_name = "X", value_parser = tolerance)]
    tolerance: Option<f64>,
    /// Probability that a reader follows a link instead of starting anew
    #[arg(long, value_name = "D", default_value_t = 0.85, value_parser = probability)]
    damping: f64,
    /// Kind of the node ids
    #[arg(long, value_enum, default_value = "text")]
    ids: Ids,
}

fn probability(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|value| (0.0..=1.0).contains(value)).ok_or_else(|| "must be a number from 0 to 1".into())
}

impl Options {
    fn most_iterations(&self) -> usize {
        self.iterations.unwrap_or(if self.tolerance.is_some() { MOST_ITERATIONS } else { ITERATIONS })
    }

    /// Whether so little change ends the loop.
    fn converged(&self, change: u64) -> bool {
        self.tolerance.is_some_and(|tolerance| from_units(change) < tolerance)
    }
}

/// Ranks and shares of ranks as integers.
const UNITS: f64 = (1u64 << 62) as f64;

fn to_units(rank: f64) -> u64 {
    (rank * UNITS) as u64
}

fn from_units(units: u64) -> f64 {
    units as f64 / UNITS
}

/// The figures over all nodes that an iteration needs.
#[derive(Clone, Copy, Debug)]
struct Spread {
    damping: f64,
    nodes: f64,
    /// Rank of all nodes without links, in units.
    dangling: u64,
}

impl Spread {
    /// The new rank of a node that gets `shares` units.
    fn rank(&self, shares: u64) -> f64 {
        (1.0 - self.damping) / self.nodes + self.damping * (from_units(shares) + from_units(self.dangling) / self.nodes)
    }
}

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

    fn partitioner(&self) -> TotalOrderPartitioner {
        let key = |number: &u32| number.to_be_bytes().into();
        TotalOrderPartitioner::from_split_points(self.first[1..].iter().map(key).collect())
    }
}

/// Collects the nodes that a node links to: number → (name, numbers).
#[derive(Clone)]
struct Link {
    numbering: Numbering,
}

type Links = (Vec<u8>, Vec<u32>);

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
        out.emit(own.expect("each node was told its number"), (name, targets));
        Ok(())
    }
}

// ------------------------------------------------------------------ start

/// A node's state between iterations: its rank, whether it links to nothing and, where links are not cached, its links.
type State = (f64, bool, Vec<u32>);

#[derive(Clone)]
struct Start {
    rank: f64,
    with_links: bool,
}

impl Mapper for Start {
    type Input = Pairs<u32, Links>;
    type Key = u32;
    type Value = State;

    fn map(&mut self, (node, (_, targets)): (u32, Links), out: &mut impl Emit<u32, State>) -> Result<()> {
        let dangling = targets.is_empty();
        if dangling {
            out.aggregate("dangling", to_units(self.rank));
        }
        out.emit(node, (self.rank, dangling, if self.with_links { targets } else { Vec::new() }));
        Ok(())
    }
}

// ------------------------------------------------------------------ spread

/// The links of one partition, parsed: those of the node at `i` are `targets[ends[i - 1]..ends[i]]`.
#[derive(Default)]
struct LinkTable {
    ends: Vec<usize>,
    targets: Vec<u32>,
}

impl Block for LinkTable {
    fn records(&self) -> u64 {
        self.ends.len() as u64
    }

    fn heap_bytes(&self) -> usize {
        self.ends.capacity() * size_of::<usize>() + self.targets.capacity() * size_of::<u32>()
    }
}

struct ParseLinks;

impl Parse for ParseLinks {
    type Input = Pairs<u32, Links>;
    type Block = LinkTable;

    fn parse(&self, (_, (_, targets)): (u32, Links), table: &mut LinkTable) -> Result<()> {
        table.targets.extend(targets);
        table.ends.push(table.targets.len());
        Ok(())
    }
}

/// Shares for a node, and its state in the message that it sends to itself.
type Message = (u64, Option<State>);

/// No state: the message comes from another node.
const NOBODY: Option<State> = None;

#[derive(Clone)]
struct Share {
    /// The links where they are cached.
    cached: Option<Invariant<ParseLinks>>,
    table: Arc<Vec<LinkTable>>,
    at: usize,
    nodes: u32,
    /// Sums of shares by node, where there is room for them: most shares then need no record of their own.
    sums: Vec<u64>,
    sums_fit: bool,
    /// The task's first node, and the ranks and links of the nodes that wait for the sum of the task's shares.
    first: u32,
    waiting: Vec<(f64, bool)>,
}

impl Share {
    fn new(cached: Option<Invariant<ParseLinks>>, nodes: u32, sums_fit: bool) -> Self {
        let (table, at, sums, first, waiting) = (Arc::default(), 0, Vec::new(), 0, Vec::new());
        Share { cached, table, at, nodes, sums, sums_fit, first, waiting }
    }
}

impl Mapper for Share {
    type Input = Pairs<u32, State>;
    type Key = u32;
    type Value = Message;

    fn setup(&mut self, task: &TaskContext) -> Result<()> {
        if let Some(links) = &self.cached {
            self.table = links.part(task.index)?;
        }
        if self.sums_fit {
            self.sums = vec![0; self.nodes as usize];
        }
        Ok(())
    }

    fn map(&mut self, (node, state): (u32, State), out: &mut impl Emit<u32, Message>) -> Result<()> {
        let (rank, dangling, links) = &state;
        let targets = match self.table.first() {
            Some(LinkTable { ends, targets }) => {
                let from = self.at.checked_sub(1).map_or(0, |before| ends[before]);
                let targets = &targets[from..ends[self.at]];
                self.at += 1;
                targets
            }
            None => links,
        };
        if let Some(share) = to_units(*rank).checked_div(targets.len() as u64) {
            if self.sums_fit {
                targets.iter().for_each(|target| self.sums[*target as usize] += share);
            } else {
                targets.iter().for_each(|target| out.emit(target, (share, NOBODY)));
            }
        }
        if self.cached.is_some() && self.sums_fit {
            self.first = node - self.waiting.len() as u32;
            self.waiting.push((*rank, *dangling));
        } else {
            out.emit(node, (0, Some(state)));
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut impl Emit<u32, Message>) -> Result<()> {
        for (node, &shares) in (0u32..).zip(&self.sums) {
            let waiting = node.checked_sub(self.first).and_then(|place| self.waiting.get(place as usize));
            match waiting {
                Some((rank, dangling)) => out.emit(node, (shares, Some((*rank, *dangling, Vec::<u32>::new())))),
                None if shares > 0 => out.emit(node, (shares, NOBODY)),
                None => {}
            }
        }
        Ok(())
    }
}

fn add((shares, state): &mut Message, other: Message) {
    *shares += other.0;
    if other.1.is_some() {
        *state = other.1;
    }
}

#[derive(Clone)]
struct Gather {
    spread: Spread,
}

impl Reducer for Gather {
    type Key = u32;
    type Value = Message;
    type OutKey = u32;
    type OutValue = State;

    fn reduce(&mut self, node: u32, messages: &mut Values<Message>, out: &mut impl Emit<u32, State>) -> Result<()> {
        let mut sum = (0, None);
        messages.for_each(|message| add(&mut sum, message));
        let (shares, state) = sum;
        let (before, dangling, links) = state.expect("every node speaks for itself");
        let rank = self.spread.rank(shares);
        out.aggregate("change", to_units((rank - before).abs()));
        if dangling {
            out.aggregate("dangling", to_units(rank));
        }
        out.emit(node, (rank, dangling, links));
        Ok(())
    }
}

// ------------------------------------------------------------------ rank

#[derive(Clone)]
struct NameOf;

impl Mapper for NameOf {
    /// Encoded [`Links`], of which only the name is needed.
    type Input = Pairs<u32, [u8]>;
    type Key = u32;
    type Value = (Option<f64>, Vec<u8>);

    fn map(&mut self, (node, mut links): (u32, &[u8]), out: &mut impl Emit<u32, Self::Value>) -> Result<()> {
        let name = <Vec<u8> as Value>::decode_part(&mut links)?;
        out.emit(node, (None::<f64>, name));
        Ok(())
    }
}

#[derive(Clone)]
struct RankOf;

impl Mapper for RankOf {
    type Input = Pairs<u32, State>;
    type Key = u32;
    type Value = (Option<f64>, Vec<u8>);

    fn map(&mut self, (node, (rank, ..)): (u32, State), out: &mut impl Emit<u32, Self::Value>) -> Result<()> {
        out.emit(node, (Some(rank), Vec::new()));
        Ok(())
    }
}

#[derive(Clone)]
struct Print {
    ids: Ids,
}

impl Reducer for Print {
    type Key = u32;
    type Value = (Option<f64>, Vec<u8>);
    type OutKey = [u8];
    type OutValue = f64;

    fn reduce(&mut self, _: u32, parts: &mut Values<Self::Value>, out: &mut impl Emit<[u8], f64>) -> Result<()> {
        let (mut name, mut rank) = (Vec::new(), 0.0);
        for part in parts {
            match part {
                (Some(value), _) => rank = value,
                (None, bytes) => name = bytes,
            }
        }
        out.emit(&self.ids.text(&name)?, rank);
        Ok(())
    }
}

// ------------------------------------------------------------------ the program

/// Number of partitions of the links. At least one for each worker, since each partition is a map task; and so many
/// that the links of the partitions in work, which are smaller than their text, take an eighth of the memory budget.
/// Smaller partitions would cost more work than they save.
fn partitions(inputs: &[PathBuf], driver: &Driver) -> Result<u32> {
    const SMALLEST_BYTES: u64 = 16 << 20;
    let (bytes, config) = (driver.inputs().bytes(inputs)?, driver.config());
    let share = (config.memory_bytes / 8 / config.workers as u64).max(SMALLEST_BYTES);
    let by_memory = u32::try_from(bytes.div_ceil(share)).unwrap_or(u32::MAX).min(MAX_REDUCERS);
    Ok(by_memory.max(config.reducers).max(config.workers as u32))
}

impl Program for PageRank {
    type Options = Options;

    const NAME: &'static str = "pagerank";
    const ABOUT: &'static str = "Rank the nodes of a graph by the links to them";
    const REFERENCE: Option<Reference<Self>> = Some(Self::reference);

    fn default_input(&self) -> Option<(Kind, Shape)> {
        Some((Kind::Graph, Shape::records(2_000_000)))
    }

    fn run(&self, options: &Options, inputs: &[PathBuf], session: &Session) -> Result<Report> {
        let mut driver = Driver::start(Self::NAME, session)?;
        let partitions = partitions(inputs, &driver)?;
        let ranges = id_ranges(inputs, options.ids, partitions, driver.inputs())?;

        let edge_by_target = EdgeByTarget { ids: options.ids, edge: Edge::default(), previous: Vec::new() };
        let number = Job::new(Self::NAME, edge_by_target, Number::default()).input(inputs);
        let numbered = driver.run_to_dataset(&number.partition_by(ranges.clone()).reducers(partitions))?;
        let numbering = Numbering::of(&driver.aggregate_by_partition("nodes"))?;

        let link = Job::new(Self::NAME, ByNode, Link { numbering: numbering.clone() }).input(&numbered);
        let links = driver.run_to_dataset(&link.partition_by(ranges).reducers(partitions))?;
        drop(numbered);

        let cached = match session.config.factors.invariant {
            InvariantFactor::Cached => Some(driver.invariant(&links, ParseLinks)?),
            InvariantFactor::Reread => None,
        };
        let rank = 1.0 / f64::from(numbering.nodes);
        let start = Job::map_only(Self::NAME, Start { rank, with_links: cached.is_none() }).input(&links);
        let mut state = driver.run_to_dataset(&start)?;

        let sums_bytes = u64::from(numbering.nodes) * size_of::<u64>() as u64 * session.config.workers as u64;
        let sums_fit = sums_bytes <= session.config.memory_bytes / 8;
        let partitioner = numbering.partitioner();
        driver.iterate(options.most_iterations(), |driver, _| {
            let dangling = driver.aggregate("dangling");
            let spread = Spread { damping: options.damping, nodes: numbering.nodes.into(), dangling };
            let share = Share::new(cached.clone(), numbering.nodes, sums_fit);
            let job = Job::new(Self::NAME, share, Gather { spread }).input(&state);
            let job = job.partition_by(partitioner.clone()).reducers(partitions);
            state = if sums_fit { driver.run_to_dataset(&job)? } else { driver.run_to_dataset(&job.combine(add))? };
            let converged = options.converged(driver.aggregate("change"));
            Ok(if converged { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        drop(cached);

        let rank = Job::new(Self::NAME, (NameOf, RankOf), Print { ids: options.ids }).input(&links).input(&state);
        driver.run(&rank.partition_by(TotalOrderPartitioner::of_numbers(numbering.nodes, session.config.reducers)))?;
        driver.finish()
    }

    fn show(&self, _: &Options, output: &Output<'_>) -> Result<Option<Highlights>> {
        largest_numbers(output, "nodes", ["node", "rank"]).map(Some)
    }
}

impl PageRank {
    fn reference(&self, options: &Options, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        let graph = Graph::read(inputs, options.ids, run)?;
        let nodes = graph.ids.len();
        let mut links = vec![0u64; nodes];
        graph.edges.iter().for_each(|(source, _)| links[*source as usize] += 1);
        let mut ranks = vec![1.0 / nodes as f64; nodes];
        for _ in 0..options.most_iterations() {
            let dangling = |(_, links): &(&f64, &u64)| **links == 0;
            let dangling = ranks.iter().zip(&links).filter(dangling).map(|(rank, _)| to_units(*rank)).sum();
            let spread = Spread { damping: options.damping, nodes: nodes as f64, dangling };
            let mut shares = vec![0u64; nodes];
            for (source, target) in &graph.edges {
                let source = *source as usize;
                shares[*target as usize] += to_units(ranks[source]) / links[source];
            }
            let mut change = 0;
            for (rank, shares) in ranks.iter_mut().zip(shares) {
                let before = std::mem::replace(rank, spread.rank(shares));
                change += to_units((*rank - before).abs());
            }
            if options.converged(change) {
                break;
            }
        }
        let parts = TotalOrderPartitioner::of_numbers(nodes as u32, run.reducers());
        for (node, (id, rank)) in graph.ids.iter().zip(ranks).enumerate() {
            let part = parts.partition(&(node as u32).to_be_bytes(), run.reducers());
            run.write(part, &options.ids.text(id)?, &rank)?;
        }
        Ok(())
    }
}
