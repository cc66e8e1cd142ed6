//! The links of a graph in tiles, for jobs that send something along every link.
//!
//! The nodes are cut into *blocks* of as many nodes each. A *tile* has the links from one block to another, each as two places
//! in a block, sixteen bits each. Sums for the targets of a tile and values of its sources fit into the processor's cache, so
//! that a link costs about a nanosecond; without tiles most links go to a place that is not in the cache.
//!
//! ```text
//!               targets: block 0   block 1   block 2
//! sources: block 0     │ tile 0,0  tile 0,1  tile 0,2 │  first partition
//!          block 1     │ tile 1,0  tile 1,1  tile 1,2 │
//!          block 2     │ tile 2,0  tile 2,1  tile 2,2 │  second partition
//!
//! a record of the links:  (1, 2)         → links of tile 1,2, ascending: source ─16─┬─16─ target
//!                         (1, DEGREES)   → for each node of block 1 the number of its links
//! ```
//!
//! Mappers send links in [batches](Batches) of a tile, so that the framework's records are few, whatever the number of links.
//! A partition is a range of blocks; the state of a loop has the same partitions, and its records are blocks too.

use std::sync::Arc;

use twinmill::parts::Batches;
use twinmill::prelude::*;
use twinmill::record::{Packed, PackedRef};

/// Nodes of a block, at most, as a power of two: 8 bytes for each take a quarter of a core's second-level cache.
const BLOCK_BITS: u32 = 15;
/// Bits for a place in a block.
const PLACE_BITS: u32 = 16;
/// Links of a tile, about, at most; a reducer holds one tile.
const TILE_LINKS: f64 = (1 << 20) as f64;
/// In place of a tile's second block: not a tile, but the number of links of each node.
pub const DEGREES: u32 = u32::MAX;

/// The blocks of a graph's nodes, and the partitions of its blocks.
#[derive(Clone, Debug)]
pub struct Grid {
    nodes: u32,
    bits: u32,
    /// The first block of each partition, followed by the number of blocks.
    starts: Arc<[u32]>,
}

impl Grid {
    /// Cuts nodes into blocks, and blocks into at most `partitions` ranges of about equal weight. `sample` has the numbers of
    /// the nodes at the ends of some of the edges.
    pub fn new(nodes: u32, edges: u64, partitions: u32, mut sample: Vec<u32>) -> Self {
        let bits = block_bits(nodes, edges, partitions);
        let blocks = (u64::from(nodes).div_ceil(1 << bits) as u32).max(1);
        sample.sort_unstable();
        let point = |range: u32| {
            let at = u64::from(range) * sample.len() as u64 / u64::from(partitions);
            let node = sample.get(at as usize).copied().unwrap_or(0);
            // The block that begins nearest.
            ((u64::from(node) + (1 << bits) / 2) >> bits) as u32
        };
        let mut starts: Vec<u32> = (0..partitions).map(|range| if range == 0 { 0 } else { point(range) }).collect();
        starts.retain(|start| *start < blocks);
        starts.push(blocks);
        starts.sort_unstable();
        starts.dedup();
        Grid { nodes, bits, starts: starts.into() }
    }

    pub fn nodes(&self) -> u32 {
        self.nodes
    }

    fn blocks(&self) -> u32 {
        *self.starts.last().expect("there is a partition")
    }

    pub fn partitions(&self) -> u32 {
        self.starts.len() as u32 - 1
    }

    /// The blocks of a partition.
    pub fn blocks_of(&self, partition: u32) -> std::ops::Range<u32> {
        self.starts[partition as usize]..self.starts[partition as usize + 1]
    }

    /// Number of nodes of a full block.
    pub fn block_len(&self) -> usize {
        1 << self.bits
    }

    pub fn first_node(&self, block: u32) -> u32 {
        block << self.bits
    }

    /// Number of nodes of a block.
    pub fn len_of(&self, block: u32) -> usize {
        (self.nodes - self.first_node(block)).min(1 << self.bits) as usize
    }

    /// The partitioner of records by block: keys begin with a block's number.
    pub fn by_block(&self) -> TotalOrderPartitioner {
        let point = |start: &u32| start.to_be_bytes().into();
        TotalOrderPartitioner::from_split_points(self.starts[1..self.partitions() as usize].iter().map(point).collect())
    }

    /// The partitioner of records by tile: keys begin with a tile's number.
    pub fn by_tile(&self) -> TotalOrderPartitioner {
        let point = |start: &u32| self.tile(*start, 0).to_be_bytes().into();
        TotalOrderPartitioner::from_split_points(self.starts[1..self.partitions() as usize].iter().map(point).collect())
    }

    fn tile(&self, source_block: u32, target_block: u32) -> u32 {
        source_block * self.blocks() + target_block
    }

    /// The tile that a link is in, and its places there.
    #[inline(always)]
    pub fn place(&self, source: u32, target: u32) -> (u32, u32) {
        let in_block = (1 << self.bits) - 1;
        (self.tile(source >> self.bits, target >> self.bits), (source & in_block) << PLACE_BITS | target & in_block)
    }
}

/// Chooses the size of blocks: so that there are some for each partition, tiles are not too full where the graph is dense, and
/// the number of a tile has 32 bits.
fn block_bits(nodes: u32, edges: u64, partitions: u32) -> u32 {
    let wanted = (nodes / (8 * partitions).max(1)).max(1).ilog2().clamp(4, BLOCK_BITS);
    let density = (edges as f64 / (f64::from(nodes) * f64::from(nodes)).max(1.0)).min(1.0);
    let by_links = ((TILE_LINKS / density.max(f64::MIN_POSITIVE)).log2() / 2.0) as u32;
    let least = u32::BITS.saturating_sub(nodes.leading_zeros()).saturating_sub(16);
    wanted.min(by_links).max(least)
}

/// The source and the target of a link, as places in their blocks.
#[inline(always)]
pub fn places(link: u32) -> (usize, usize) {
    ((link >> PLACE_BITS) as usize, link as u16 as usize)
}

/// Links on their way to the reducers.
#[derive(Clone)]
pub struct LinkBatches {
    grid: Grid,
    batches: Batches<u32>,
}

impl LinkBatches {
    pub fn new(grid: Grid) -> Self {
        LinkBatches { grid, batches: Batches::default() }
    }

    #[inline(always)]
    pub fn push(&mut self, source: u32, target: u32, out: &mut impl Emit<u32, Packed<u32>>) {
        let (tile, link) = self.grid.place(source, target);
        self.batches.push(tile, link, out);
    }

    pub fn send(&mut self, out: &mut impl Emit<u32, Packed<u32>>) {
        self.batches.send(out);
    }
}

/// Makes tiles: sorts the links of each, keeps each once, and counts the links of each node.
#[derive(Clone)]
pub struct MakeTiles {
    grid: Grid,
    /// The block whose tiles come, and the end of the task's blocks.
    block: u32,
    end: u32,
    degrees: Vec<u32>,
    links: Vec<u32>,
}

/// Duplicate links are looked for once there are so many links.
const MANY_LINKS: usize = 1 << 16;

impl MakeTiles {
    pub fn new(grid: Grid) -> Self {
        MakeTiles { grid, block: 0, end: 0, degrees: Vec::new(), links: Vec::new() }
    }

    /// Begins a block.
    fn begin(&mut self) {
        self.degrees.clear();
        if self.block < self.end {
            self.degrees.resize(self.grid.len_of(self.block), 0);
        }
    }

    /// Goes on to a block, and emits the degrees of those before it.
    fn go_on_to(&mut self, block: u32, out: &mut impl Emit<(u32, u32), Packed<u32>>) {
        while self.block < block {
            out.emit((self.block, DEGREES), &self.degrees[..]);
            self.block += 1;
            self.begin();
        }
    }
}

impl Reducer for MakeTiles {
    type Key = u32;
    type Value = Packed<u32>;
    type OutKey = (u32, u32);
    type OutValue = Packed<u32>;

    fn setup(&mut self, task: &TaskContext) -> Result<()> {
        let blocks = self.grid.blocks_of(task.index);
        (self.block, self.end) = (blocks.start, blocks.end);
        self.begin();
        Ok(())
    }

    fn reduce(
        &mut self,
        tile: u32,
        batches: &mut Values<Packed<u32>>,
        out: &mut impl Emit<(u32, u32), Packed<u32>>,
    ) -> Result<()> {
        let (source_block, target_block) = (tile / self.grid.blocks(), tile % self.grid.blocks());
        self.go_on_to(source_block, out);
        self.links.clear();
        let mut many = MANY_LINKS;
        while let Some(batch) = batches.next() {
            self.links.extend(batch.iter());
            if self.links.len() >= many {
                self.links.sort_unstable();
                self.links.dedup();
                many = 2 * self.links.len().max(MANY_LINKS);
            }
        }
        self.links.sort_unstable();
        self.links.dedup();
        self.links.iter().for_each(|link| self.degrees[places(*link).0] += 1);
        out.emit((source_block, target_block), &self.links[..]);
        Ok(())
    }

    fn finish(&mut self, out: &mut impl Emit<(u32, u32), Packed<u32>>) -> Result<()> {
        self.go_on_to(self.end, out);
        Ok(())
    }
}

/// The links of one partition.
#[derive(Default)]
pub struct Tiles {
    /// The degrees of the nodes, block after block.
    pub degrees: Vec<u32>,
    tiles: Vec<Tile>,
    links: Vec<u32>,
}

/// The links from one block to another.
struct Tile {
    target_block: u32,
    source_block: u32,
    start: usize,
    end: usize,
}

impl Tiles {
    /// Calls `each` with each block that links go to, and the tiles that have them.
    pub fn for_each_target_block(&self, mut each: impl FnMut(u32, &mut dyn Iterator<Item = (u32, &[u32])>)) {
        for of_block in self.tiles.chunk_by(|one, next| one.target_block == next.target_block) {
            let links = |tile: &Tile| (tile.source_block, &self.links[tile.start..tile.end]);
            each(of_block[0].target_block, &mut of_block.iter().map(links));
        }
    }
}

impl Block for Tiles {
    fn records(&self) -> u64 {
        (self.tiles.len() + self.degrees.len()) as u64
    }

    fn heap_bytes(&self) -> usize {
        (self.links.capacity() + self.degrees.capacity()) * size_of::<u32>() + self.tiles.capacity() * size_of::<Tile>()
    }

    fn complete(&mut self) {
        self.tiles.sort_unstable_by_key(|tile| (tile.target_block, tile.source_block));
    }
}

pub struct ParseTiles;

impl Parse for ParseTiles {
    type Input = Pairs<(u32, u32), Packed<u32>>;
    type Block = Tiles;

    fn parse(
        &self,
        ((source_block, target_block), links): ((u32, u32), PackedRef<'_, u32>),
        tiles: &mut Tiles,
    ) -> Result<()> {
        if target_block == DEGREES {
            tiles.degrees.extend(links.iter());
        } else {
            let start = tiles.links.len();
            tiles.links.extend(links.iter());
            tiles.tiles.push(Tile { target_block, source_block, start, end: tiles.links.len() });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn grids_fit_graphs_of_any_size_and_density() {
        use super::*;

        for (nodes, edges) in [
            (0, 0),
            (1, 1),
            (2, 5),
            (900, 6000),
            (65_536, u64::from(u32::MAX)),
            (1 << 20, 1 << 23),
            (u32::MAX, 1 << 36),
            (u32::MAX, 0),
        ] {
            for partitions in [1, 2, 7, 1000] {
                let sample: Vec<u32> = (0..1000).map(|i| (i * u64::from(nodes) / 1000) as u32).collect();
                let grid = Grid::new(nodes, edges, partitions, sample);
                assert!((1..=PLACE_BITS).contains(&grid.bits), "{grid:?}");
                assert!(u64::from(grid.blocks()).pow(2) <= 1 << 32, "{grid:?}");
                assert!((1..=partitions).contains(&grid.partitions()), "{grid:?}");
                assert!(grid.starts.is_sorted() && grid.starts[0] == 0);
                let of_blocks: u64 = (0..grid.blocks()).map(|block| grid.len_of(block) as u64).sum();
                assert_eq!(of_blocks, u64::from(nodes));
                if nodes > 0 {
                    let last = nodes - 1;
                    let (tile, link) = grid.place(last, 0);
                    assert_eq!(tile, (grid.blocks() - 1) * grid.blocks());
                    assert_eq!(places(link), (grid.len_of(grid.blocks() - 1) - 1, 0));
                }
            }
        }
    }

    #[test]
    fn partitions_have_about_equally_many_ends_of_edges() {
        use super::*;

        // Half of all ends are in the first tenth of the nodes.
        let sample = (0..5000).map(|i| i * 20).chain((0..5000).map(|i| 100_000 + i * 180)).collect();
        let grid = Grid::new(1_000_000, 8_000_000, 2, sample);
        let boundary = grid.first_node(grid.blocks_of(1).start);
        assert!((80_000..120_000).contains(&boundary), "{boundary}");
    }
}
