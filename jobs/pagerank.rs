//! PageRank: how often a reader who follows links at random, and now and then starts anew, comes to each node.
//!
//! ```text
//! edges ─▶ number ─▶ link ─▶ start ─▶ ┌ spread ┐ … ─▶ rank
//!                      │              └────────┘ one job an iteration
//!                      └─ links, in tiles
//! ```
//!
//! 1. *number* gives each node a number, in the order of the ids: by [a bit for each id](crate::jobs::edges::nodes) where ids are
//!    small numbers, by [sorting](crate::jobs::edges::names) them where they are not.
//! 2. *link* collects the links by the numbers of their ends, each once, in [tiles](crate::jobs::edges::tiles).
//! 3. *start* gives every node the rank 1/N.
//! 4. *spread*, once an iteration: map gives each node's rank in equal shares to the nodes it links to, and adds up the shares
//!    of its own partition; reduce adds up those of all partitions. The rank of nodes without links is spread over all nodes.
//! 5. *rank* puts ids to the ranks.
//!
//! Everything that is shuffled is a block of numbers:
//!
//! ```text
//! key              value, of one block of n nodes
//! (block, STATE)   n ranks (floats) │ n bits: nodes without links      the loop's state, from the block itself
//! (block, ALL)     n sums of shares                                     from a partition with many links to the block
//! (block, SOME)    place, sum │ place, sum │ …                          from a partition with few
//! ```
//!
//! The links do not change. A task joins a partition of the state with the same partition of the links, which are read again in
//! every iteration or kept, as the factor `invariant` says.
//!
//! Shares are added as integers, in units of 2^-62: such sums are the same in any order, and exact to 1e-18.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use twinmill::config::MAX_REDUCERS;
use twinmill::generate::{Kind, Shape};
use twinmill::prelude::*;
use twinmill::program::{Highlights, Output, Program, Reference};
use twinmill::record::{Packed, PackedRef};
use twinmill::reference::ReferenceRun;

use crate::jobs::edges::Ids;
use crate::jobs::edges::graph::{Graph, Links};
use crate::jobs::edges::names::{self, NameOf, Named};
use crate::jobs::edges::nodes::{self, CodedEdges, Nodes, Numbered, ParseEdges};
use crate::jobs::edges::tiles::{DEGREES, Grid, LinkBatches, MakeTiles, ParseTiles, Tiles, places};
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

// ------------------------------------------------------------------ link

/// Sends the links of a graph whose ids have codes.
#[derive(Clone)]
struct CodedLinks {
    nodes: Arc<Nodes>,
    links: LinkBatches,
}

impl Mapper for CodedLinks {
    type Input = Blocks<ParseEdges>;
    type Key = u32;
    type Value = Packed<u32>;

    fn map(&mut self, block: &CodedEdges, out: &mut impl Emit<u32, Packed<u32>>) -> Result<()> {
        for (source, target) in &block.edges {
            self.links.push(self.nodes.number(*source), self.nodes.number(*target), out);
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut impl Emit<u32, Packed<u32>>) -> Result<()> {
        self.links.send(out);
        Ok(())
    }
}

// ------------------------------------------------------------------ start

/// The state of a block: ranks, and the bits of the nodes without links.
struct State {
    words: Vec<u64>,
    nodes: usize,
}

/// Nodes that one word has bits for.
const WORD_NODES: usize = u64::BITS as usize;

impl State {
    fn empty() -> Self {
        State { words: Vec::new(), nodes: 0 }
    }

    /// The state of nodes with a rank and so many links each.
    fn of_degrees(rank: f64, degrees: PackedRef<'_, u32>) -> Self {
        let nodes = degrees.len();
        let mut words = vec![rank.to_bits(); nodes];
        words.resize(nodes + nodes.div_ceil(WORD_NODES), 0);
        for (node, _) in degrees.iter().enumerate().filter(|(_, degree)| *degree == 0) {
            words[nodes + node / WORD_NODES] |= 1 << (node % WORD_NODES);
        }
        State { words, nodes }
    }

    /// Takes the state of a block of so many nodes out of a record.
    fn read(&mut self, nodes: usize, words: PackedRef<'_, u64>) {
        self.words.clear();
        self.words.extend(words.iter());
        self.nodes = nodes;
    }

    fn dangling_nodes(&self) -> u64 {
        self.words[self.nodes..].iter().map(|word| u64::from(word.count_ones())).sum()
    }
}

#[derive(Clone)]
struct Start {
    rank: f64,
}

impl Mapper for Start {
    type Input = Pairs<(u32, u32), Packed<u32>>;
    type Key = u32;
    type Value = Packed<u64>;

    fn map(
        &mut self,
        ((block, part), links): ((u32, u32), PackedRef<'_, u32>),
        out: &mut impl Emit<u32, Packed<u64>>,
    ) -> Result<()> {
        if part == DEGREES {
            let state = State::of_degrees(self.rank, links);
            out.aggregate("dangling", to_units(self.rank) * state.dangling_nodes());
            out.emit(block, &state.words[..]);
        }
        Ok(())
    }
}

// ------------------------------------------------------------------ spread

/// The kinds of records about a block, in the order in which the reducer is given them.
const STATE: u8 = 0;
const ALL: u8 = 1;
const SOME: u8 = 2;

/// Bytes of a key that are the number of the block.
const BLOCK_BYTES: usize = size_of::<u32>();

/// Adds up the shares that the nodes of a partition give.
#[derive(Clone)]
struct Share {
    grid: Grid,
    links: Invariant<ParseTiles>,
    tiles: Arc<Vec<Tiles>>,
    /// The partition's first block.
    first: u32,
    /// What each node of the partition gives to each node that it links to.
    shares: Vec<u64>,
    sums: Vec<u64>,
    some: Vec<u64>,
}

impl Share {
    fn new(grid: Grid, links: Invariant<ParseTiles>) -> Self {
        Share { grid, links, tiles: Arc::default(), first: 0, shares: Vec::new(), sums: Vec::new(), some: Vec::new() }
    }
}

impl Mapper for Share {
    type Input = Pairs<u32, Packed<u64>>;
    type Key = (u32, u8);
    type Value = Packed<u64>;

    fn setup(&mut self, task: &TaskContext) -> Result<()> {
        self.tiles = self.links.part(task.index)?;
        self.first = self.grid.blocks_of(task.index).start;
        Ok(())
    }

    fn map(
        &mut self,
        (block, state): (u32, PackedRef<'_, u64>),
        out: &mut impl Emit<(u32, u8), Packed<u64>>,
    ) -> Result<()> {
        let before = self.shares.len();
        let degrees = self.tiles.first().map_or(&[][..], |tiles| &tiles.degrees[before..]);
        let ranks = state.iter().zip(degrees).take(self.grid.len_of(block));
        self.shares.extend(
            ranks.map(|(rank, degree)| to_units(f64::from_bits(rank)).checked_div(u64::from(*degree)).unwrap_or(0)),
        );
        out.emit((block, STATE), state);
        Ok(())
    }

    fn finish(&mut self, out: &mut impl Emit<(u32, u8), Packed<u64>>) -> Result<()> {
        let Share { grid, tiles, first, shares, sums, some, .. } = self;
        let Some(tiles) = tiles.first() else { return Ok(()) };
        tiles.for_each_target_block(|target_block, of_block| {
            sums.clear();
            sums.resize(grid.block_len(), 0);
            for (source_block, links) in of_block {
                add_shares(&shares[(source_block - *first) as usize * grid.block_len()..], links, sums);
            }
            sums.truncate(grid.len_of(target_block));
            emit_sums(target_block, sums, some, out);
        });
        Ok(())
    }
}

/// Adds the share of each link's source to the sum of its target.
fn add_shares(shares: &[u64], links: &[u32], sums: &mut [u64]) {
    for link in links {
        let (source, target) = places(*link);
        sums[target] += shares[source];
    }
}

/// Emits the sums of a block, in the form that has fewer bytes.
fn emit_sums(block: u32, sums: &[u64], some: &mut Vec<u64>, out: &mut impl Emit<(u32, u8), Packed<u64>>) {
    let not_zero = sums.iter().filter(|sum| **sum != 0).count();
    if 2 * not_zero >= sums.len() {
        return out.emit((block, ALL), sums);
    }
    some.clear();
    for (place, sum) in (0u64..).zip(sums).filter(|(_, sum)| **sum != 0) {
        some.extend([place, *sum]);
    }
    if !some.is_empty() {
        out.emit((block, SOME), &some[..]);
    }
}

/// Adds up all shares of a block's nodes and gives them their new ranks.
#[derive(Clone)]
struct Gather {
    grid: Grid,
    spread: Spread,
}

impl Reducer for Gather {
    type Key = (u32, u8);
    type Value = Packed<u64>;
    type OutKey = u32;
    type OutValue = Packed<u64>;

    fn reduce(
        &mut self,
        (block, _): (u32, u8),
        records: &mut Values<Packed<u64>>,
        out: &mut impl Emit<u32, Packed<u64>>,
    ) -> Result<()> {
        let nodes = self.grid.len_of(block);
        let (mut state, mut sums) = (State::empty(), vec![0u64; nodes]);
        while let Some((kind, numbers)) = records.next_with_key() {
            match kind[BLOCK_BYTES] {
                STATE => state.read(nodes, numbers),
                ALL => sums.iter_mut().zip(numbers.iter()).for_each(|(sum, shares)| *sum += shares),
                _ => {
                    let mut numbers = numbers.iter();
                    while let (Some(place), Some(shares)) = (numbers.next(), numbers.next()) {
                        sums[place as usize] += shares;
                    }
                }
            }
        }
        let (mut change, mut dangling) = (0, 0);
        let (ranks, without_links) = state.words.split_at_mut(nodes);
        for ((ranks, sums), bits) in ranks.chunks_mut(WORD_NODES).zip(sums.chunks(WORD_NODES)).zip(without_links) {
            for (place, (rank, shares)) in ranks.iter_mut().zip(sums).enumerate() {
                let (before, after) = (f64::from_bits(*rank), self.spread.rank(*shares));
                change += to_units((after - before).abs());
                if *bits >> place & 1 == 1 {
                    dangling += to_units(after);
                }
                *rank = after.to_bits();
            }
        }
        out.aggregate("change", change);
        out.aggregate("dangling", dangling);
        out.emit(block, &state.words[..]);
        Ok(())
    }
}

// ------------------------------------------------------------------ rank

/// Cuts the ranks into the parts of the output.
#[derive(Clone)]
struct RanksByPart {
    grid: Grid,
    /// The first node of each part but the first.
    points: Arc<[u32]>,
    ranks: Vec<f64>,
}

impl Mapper for RanksByPart {
    type Input = Pairs<u32, Packed<u64>>;
    type Key = u32;
    type Value = Packed<f64>;

    fn map(&mut self, (block, state): (u32, PackedRef<'_, u64>), out: &mut impl Emit<u32, Packed<f64>>) -> Result<()> {
        let first = self.grid.first_node(block);
        self.ranks.clear();
        self.ranks.extend(state.iter().take(self.grid.len_of(block)).map(f64::from_bits));
        let mut from = 0;
        let points = self.points.iter().filter_map(|point| point.checked_sub(first));
        for to in points.map(|to| to as usize).chain([self.ranks.len()]) {
            let to = to.min(self.ranks.len());
            if from < to {
                out.emit(first + from as u32, &self.ranks[from..to]);
                from = to;
            }
        }
        Ok(())
    }
}

/// Prints the ranks of nodes whose ids have codes. The key is the first node's number.
#[derive(Clone)]
struct PrintCoded {
    nodes: Arc<Nodes>,
}

impl Reducer for PrintCoded {
    type Key = u32;
    type Value = Packed<f64>;
    type OutKey = [u8];
    type OutValue = f64;

    fn reduce(&mut self, first: u32, ranks: &mut Values<Packed<f64>>, out: &mut impl Emit<[u8], f64>) -> Result<()> {
        while let Some(ranks) = ranks.next() {
            self.nodes.zip_ids(first, ranks.iter(), |id, rank| {
                out.emit(id, rank);
                Ok(())
            })?;
        }
        Ok(())
    }
}

/// Hands each node its rank.
#[derive(Clone)]
struct RankOf {
    grid: Grid,
}

impl Mapper for RankOf {
    type Input = Pairs<u32, Packed<u64>>;
    type Key = u32;
    type Value = (Option<f64>, Vec<u8>);

    fn map(&mut self, (block, state): (u32, PackedRef<'_, u64>), out: &mut impl Emit<u32, Self::Value>) -> Result<()> {
        for (node, rank) in (self.grid.first_node(block)..).zip(state.iter().take(self.grid.len_of(block))) {
            out.emit(node, (Some(f64::from_bits(rank)), Vec::new()));
        }
        Ok(())
    }
}

/// Prints the ranks of nodes with other ids.
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

/// The links of a graph, and the ids of its nodes.
struct Linked {
    grid: Grid,
    links: Dataset<(u32, u32), Packed<u32>>,
    ids: NodeIds,
}

enum NodeIds {
    Coded { nodes: Arc<Nodes>, _pieces: Dataset<u32, Packed<u64>> },
    Named(Named),
}

impl Linked {
    /// Numbers the nodes and collects the links.
    fn read(driver: &mut Driver, inputs: &[PathBuf], ids: Ids) -> Result<Self> {
        let partitions = partitions(inputs, driver)?;
        match nodes::number(driver, PageRank::NAME, inputs, ids)? {
            Some(coded) => Self::coded(driver, coded, partitions),
            None => {
                let named = names::number(driver, PageRank::NAME, inputs, ids, partitions)?;
                Self::named(driver, named, partitions)
            }
        }
    }

    fn coded(driver: &mut Driver, numbered: Numbered, partitions: u32) -> Result<Self> {
        let Numbered { edges, nodes, edge_count, sample, pieces } = numbered;
        let grid = Grid::new(nodes.count(), edge_count, partitions, sample);
        let links = CodedLinks { nodes: nodes.clone(), links: LinkBatches::new(grid.clone()) };
        let job = Job::new(PageRank::NAME, links, MakeTiles::new(grid.clone())).input(&edges);
        let links = driver.run_to_dataset(&job.partition_by(grid.by_tile()).reducers(grid.partitions()))?;
        Ok(Linked { grid, links, ids: NodeIds::Coded { nodes, _pieces: pieces } })
    }

    fn named(driver: &mut Driver, named: Named, partitions: u32) -> Result<Self> {
        let sample = named.first_numbers.iter().copied().collect();
        let grid = Grid::new(named.nodes, named.edge_count, partitions, sample);
        let links = names::NamedLinks { links: LinkBatches::new(grid.clone()) };
        let job = Job::new(PageRank::NAME, links, MakeTiles::new(grid.clone())).input(&named.links);
        let links = driver.run_to_dataset(&job.partition_by(grid.by_tile()).reducers(grid.partitions()))?;
        Ok(Linked { grid, links, ids: NodeIds::Named(named) })
    }
}

impl Program for PageRank {
    type Options = Options;

    const NAME: &'static str = "pagerank";
    const ABOUT: &'static str = "Rank the nodes of a graph by the links to them";
    const SUBJECT: &'static str = "graphs";
    const REFERENCE: Option<Reference<Self>> = Some(Self::reference);

    fn default_input(&self) -> Option<(Kind, Shape)> {
        Some((Kind::Graph, Shape::records(2_000_000)))
    }

    fn run(&self, options: &Options, inputs: &[PathBuf], session: &Session) -> Result<Report> {
        let mut driver = Driver::start(Self::NAME, session)?;
        let Linked { grid, links, ids } = Linked::read(&mut driver, inputs, options.ids)?;

        let start = Start { rank: 1.0 / f64::from(grid.nodes()) };
        let mut state = driver.run_to_dataset(&Job::map_only(Self::NAME, start).input(&links))?;

        let tiles = driver.invariant(&links, ParseTiles)?;
        driver.iterate(options.most_iterations(), |driver, _| {
            let dangling = driver.aggregate("dangling");
            let spread = Spread { damping: options.damping, nodes: grid.nodes().into(), dangling };
            let gather = Gather { grid: grid.clone(), spread };
            let job = Job::new(Self::NAME, Share::new(grid.clone(), tiles.clone()), gather).input(&state);
            let job = job.group_by_prefix(|_| BLOCK_BYTES).partition_by(grid.by_block()).reducers(grid.partitions());
            state = driver.run_to_dataset(&job)?;
            let converged = options.converged(driver.aggregate("change"));
            Ok(if converged { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        drop(tiles);

        let reducers = session.config.reducers;
        let parts = TotalOrderPartitioner::of_numbers(grid.nodes(), reducers);
        match ids {
            NodeIds::Coded { nodes, _pieces } => {
                let first = |part| (u64::from(grid.nodes()) * u64::from(part) / u64::from(reducers)) as u32;
                let points = (1..reducers).map(first).collect();
                let by_part = RanksByPart { grid, points, ranks: Vec::new() };
                let rank = Job::new(Self::NAME, by_part, PrintCoded { nodes }).input(&state);
                driver.run(&rank.partition_by(parts))?;
            }
            NodeIds::Named(named) => {
                let (mapper, print) = ((NameOf, RankOf { grid }), Print { ids: options.ids });
                let rank = Job::new(Self::NAME, mapper, print).input(&named.links).input(&state);
                driver.run(&rank.partition_by(parts))?;
            }
        }
        driver.finish()
    }

    fn show(&self, _: &Options, output: &Output<'_>) -> Result<Option<Highlights>> {
        largest_numbers(output, "nodes", ["node", "rank"]).map(Some)
    }
}

impl PageRank {
    fn reference(&self, options: &Options, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        let mut graph = Graph::read(inputs, options.ids, run)?;
        let Links { starts, targets } = Links::of(graph.nodes, &std::mem::take(&mut graph.edges));
        let nodes = graph.nodes as usize;
        let mut ranks = vec![1.0 / nodes as f64; nodes];
        let mut shares = vec![0u64; nodes];
        for _ in 0..options.most_iterations() {
            shares.fill(0);
            let mut dangling = 0;
            for (rank, ends) in ranks.iter().zip(starts.windows(2)) {
                let links = &targets[ends[0]..ends[1]];
                match to_units(*rank).checked_div(links.len() as u64) {
                    Some(share) => links.iter().for_each(|target| shares[*target as usize] += share),
                    None => dangling += to_units(*rank),
                }
            }
            let spread = Spread { damping: options.damping, nodes: nodes as f64, dangling };
            let mut change = 0;
            for (rank, shares) in ranks.iter_mut().zip(&shares) {
                let before = std::mem::replace(rank, spread.rank(*shares));
                change += to_units((*rank - before).abs());
            }
            if options.converged(change) {
                break;
            }
        }
        let parts = TotalOrderPartitioner::of_numbers(graph.nodes, run.reducers());
        graph.for_each_id(|node, id| {
            let part = parts.partition(&node.to_be_bytes(), run.reducers());
            run.write(part, id, &ranks[node as usize])
        })
    }
}
