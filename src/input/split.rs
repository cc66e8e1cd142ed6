//! Cuts files into splits, one for each map task.
//!
//! [`InputFile`]s enter; [`Split`]s leave, in the order of the data: byte order of the paths, then offsets. A split is
//! a list of pieces of files. Large files are cut, small ones share a split, so that neither a huge file nor a million
//! tiny ones is a special case. Readers decide where exactly a record belongs: a piece owns the records that *start* in
//! it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;

use crate::cancel::CancelToken;
use crate::config::{Cuts, HadoopSplits, JobConfig, MAX_MAP_TASKS};
use crate::error::{Error, Result};
use crate::input::form::LOOK_BYTES;
use crate::input::listing::InputFile;
use crate::input::parsed::InvariantPiece;
use crate::remote::RemoteFile;
use crate::store::Segment;

/// Largest default split: the block size of HDFS.
const DEFAULT_SPLIT_BYTES: u64 = 128 << 20;

/// Pieces of the inputs for one map task.
#[derive(Clone, Debug)]
pub struct Split {
    /// Number of the job's input.
    pub(crate) input: usize,
    pub(crate) pieces: Vec<Piece>,
}

impl Split {
    /// The file that it begins with, and the offsets that it was cut at.
    pub(crate) fn first_file(&self) -> Option<(&Arc<Path>, (u64, u64))> {
        match self.pieces.first()? {
            Piece::File(piece) => Some((piece.file.name(), piece.cut)),
            Piece::Partition(_) | Piece::Invariant(_) => None,
        }
    }

    /// Bytes of all pieces.
    pub(crate) fn bytes(&self) -> u64 {
        self.pieces.iter().map(Piece::bytes).sum()
    }
}

/// A part of an input.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    /// The records of a file that start at an offset in `start..end`.
    File(FilePiece),
    /// One partition of another job's dataset.
    Partition(Segment),
    /// A part of an invariant input.
    Invariant(InvariantPiece),
}

#[derive(Clone, Debug)]
pub(crate) struct FilePiece {
    /// Shared by all pieces of the file, of which there may be many.
    pub file: Arc<InputFile>,
    pub start: u64,
    /// A compressed file is one piece; `start..end` are then its bytes on disk.
    pub end: u64,
    /// The offsets that the file was cut at: `start..end`, or by Hadoop's rule one less, since a record that starts at a cut
    /// belongs to the piece before.
    pub cut: (u64, u64),
    /// Reading stops after so many bytes, even within the last record.
    pub most_bytes: u64,
}

impl FilePiece {
    pub fn new(file: &Arc<InputFile>, start: u64, end: u64) -> Self {
        FilePiece { file: file.clone(), start, end, cut: (start, end), most_bytes: u64::MAX }
    }

    /// All of a file.
    pub fn whole(file: &InputFile) -> Self {
        FilePiece::new(&Arc::new(file.clone()), 0, file.bytes)
    }

    /// Whether it is all of its file.
    pub fn is_whole(&self) -> bool {
        self.start == 0 && self.end == self.file.bytes
    }
}

impl Piece {
    /// Bytes as stored.
    pub(crate) fn bytes(&self) -> u64 {
        match self {
            Piece::File(piece) => piece.end - piece.start,
            Piece::Partition(segment) => segment.index().stored_bytes,
            Piece::Invariant(piece) => piece.source.part_bytes(piece.part),
        }
    }

    /// Begins to fetch a whole small file of a store.
    pub(crate) fn fetch(&self) {
        const MOST_BYTES: u64 = 1 << 20;
        if let Some((piece, remote)) = self.in_store().filter(|(piece, _)| piece.is_whole() && piece.end <= MOST_BYTES)
        {
            remote.fetch(0..piece.end);
        }
    }

    /// Lets go of what was fetched.
    pub(crate) fn release(&self) {
        if let Some((_, remote)) = self.in_store().filter(|(piece, _)| piece.is_whole()) {
            remote.release();
        }
    }

    /// The file that it is a piece of, in whatever form its reader keeps it.
    pub(crate) fn file(&self) -> Option<&InputFile> {
        match self {
            Piece::File(piece) => Some(&piece.file),
            Piece::Partition(_) => None,
            Piece::Invariant(piece) => piece.source.file(piece.part),
        }
    }

    fn in_store(&self) -> Option<(&FilePiece, &RemoteFile)> {
        let Piece::File(piece) = self else { return None };
        Some((piece, piece.file.remote.as_deref()?))
    }
}

/// Most bytes of a split: the setting, or HDFS's block size, reduced until there are as many splits as workers and as
/// the map tasks that faults name.
pub(crate) fn split_bytes(config: &JobConfig, input_bytes: u64) -> u64 {
    let fewest = config.faults.map_tasks().max(config.workers as u64);
    // Files that share a split fill at least half of it.
    let least = input_bytes.div_ceil(MAX_MAP_TASKS / 4);
    config.split_bytes.unwrap_or_else(|| DEFAULT_SPLIT_BYTES.min(input_bytes.div_ceil(fewest)).max(least).max(1))
}

/// Tells for each file whether it stays whole, because it fits a split or is compressed.
fn stay_whole(files: &[InputFile], split_bytes: u64) -> Result<Vec<bool>> {
    let large = files.iter().filter(|file| file.bytes > split_bytes).filter_map(|file| file.remote.as_ref());
    // Their beginnings are waited for together.
    large.clone().for_each(|remote| remote.fetch(0..LOOK_BYTES as u64));
    let whole = files.iter().map(|file| Ok(file.bytes <= split_bytes || !file.may_be_cut()?)).collect();
    large.for_each(|remote| remote.release());
    whole
}

fn cut(input: usize, files: &[InputFile], whole: &[bool], split_bytes: u64, alignment: u64) -> Vec<Split> {
    let mut splits = Vec::new();
    let mut open = Split { input, pieces: Vec::new() };
    let mut room = split_bytes;
    for (file, whole) in files.iter().zip(whole) {
        let whole = *whole || file.bytes <= split_bytes;
        let file = Arc::new(file.clone());
        let block_bytes = file.remote.as_ref().and_then(|remote| remote.entry().block_bytes);
        let mut start = 0;
        // A file of no bytes is read all the same: not every file system knows its files' sizes.
        loop {
            let end =
                if whole { file.bytes } else { next_cut(block_bytes, start, split_bytes, alignment).min(file.bytes) };
            if end - start > room && !open.pieces.is_empty() {
                open.pieces.shrink_to_fit();
                splits.push(std::mem::replace(&mut open, Split { input, pieces: Vec::new() }));
                room = split_bytes;
            }
            open.pieces.push(Piece::File(FilePiece::new(&file, start, end)));
            room = room.saturating_sub(end - start);
            start = end;
            if start >= file.bytes {
                break;
            }
        }
    }
    if !open.pieces.is_empty() {
        splits.push(open);
    }
    splits
}

/// The end of the piece that begins at an offset. Pieces of a file with blocks have as many of them as fit, or an equal part of
/// one: two machines that hold a block each would both be asked for a piece that lies across.
fn next_cut(block_bytes: Option<u64>, start: u64, split_bytes: u64, alignment: u64) -> u64 {
    let aligned = |offset: u64| offset / alignment * alignment;
    let plain = start.saturating_add(aligned(split_bytes).max(alignment));
    let Some(block) = block_bytes else { return plain };
    // Cuts at records lie a little before those that are meant.
    let (meant, parts) = (start + alignment - 1, block.div_ceil(split_bytes.max(1)));
    let part = block.div_ceil(parts);
    let end = match parts {
        1 => (meant / block).saturating_add(split_bytes / block).saturating_mul(block),
        _ => meant / block * block + ((meant % block / part + 1) * part).min(block),
    };
    if aligned(end) > start { aligned(end) } else { plain }
}

/// Cuts files into splits of at most `split_bytes` (whatever a compressed file has), if that makes no more splits than a
/// job may have map tasks; `splits` are planned already. Cuts lie at multiples of `alignment` bytes within a file. Only
/// files that are larger than a split are looked at.
///
/// # Errors
/// [`Error::Config`] that names the least size of a split that works; those of opening a file that is to be cut.
pub(crate) fn plan_at_most(
    input: usize,
    files: &[InputFile],
    split_bytes: u64,
    alignment: u64,
    splits: usize,
) -> Result<Vec<Split>> {
    cut_at_most(input, files, &stay_whole(files, split_bytes)?, split_bytes, alignment, splits)
}

fn cut_at_most(
    input: usize,
    files: &[InputFile],
    whole: &[bool],
    split_bytes: u64,
    alignment: u64,
    splits: usize,
) -> Result<Vec<Split>> {
    let most = MAX_MAP_TASKS.saturating_sub(splits as u64);
    let fewest = |bytes| fewest_splits(files, whole, bytes);
    if fewest(split_bytes.max(alignment)) <= most {
        let planned = cut(input, files, whole, split_bytes, alignment);
        if planned.len() as u64 <= most {
            return Ok(planned);
        }
    }
    let mut least = split_bytes;
    let fits = |bytes| fewest(bytes) <= most && cut(input, files, whole, bytes, alignment).len() as u64 <= most;
    while !fits(least) && least < u64::MAX {
        let total: u64 = files.iter().map(|file| file.bytes).sum();
        least = (least.saturating_mul(5) / 4).max(least + 1).max(total / most.max(1));
    }
    Err(Error::Config(format!(
        "--split-size {split_bytes} makes more than the {MAX_MAP_TASKS} map tasks that a job may have; it must be at least \
         {least} bytes for this input"
    )))
}

/// Cuts files by Hadoop's rule, the largest splits first. Cut lines belong to the piece that they begin in, and so does a
/// line that begins where the next piece does.
///
/// # Errors
/// [`Error::Config`] where there are more splits than a job may have map tasks; those of reading the files.
pub(crate) fn plan_by_hadoop(
    input: usize,
    files: &[InputFile],
    rule: HadoopSplits,
    cancel: &CancelToken,
) -> Result<Vec<Split>> {
    let total: u64 = files.iter().map(|file| file.bytes).sum();
    let share = total / rule.maps.max(1);
    let split_bytes = rule.least_bytes.max(share.min(rule.block_bytes)).max(1);
    let mut splits = Vec::new();
    for file in files {
        let cuts = match rule.cuts {
            Cuts::Lines(lines) => line_cuts(file, lines.max(1), cancel)?,
            Cuts::Anywhere { .. } if file.bytes <= split_bytes || !file.may_be_cut()? => vec![file.bytes],
            Cuts::OwnFormat if file.bytes <= split_bytes || !file.may_be_cut_by_its_reader()? => vec![file.bytes],
            Cuts::Anywhere { .. } | Cuts::OwnFormat => byte_cuts(file.bytes, split_bytes),
        };
        if splits.len() + cuts.len() > MAX_MAP_TASKS as usize {
            return Err(Error::Config(format!(
                "the input makes more than the {MAX_MAP_TASKS} map tasks that a job may have; ask for larger splits"
            )));
        }
        // Cuts between lines are where lines begin.
        let shift = if let Cuts::Anywhere { delimiter_bytes } = rule.cuts { delimiter_bytes } else { 0 };
        let file = Arc::new(file.clone());
        let mut start: u64 = 0;
        for end in cuts {
            let behind = |cut: u64| if cut == 0 || cut == file.bytes { cut } else { (cut + shift).min(file.bytes) };
            // To Hadoop, a split of lines ends before their last byte.
            let back = u64::from(matches!(rule.cuts, Cuts::Lines(_)));
            let cut = (start.saturating_sub(back), end.saturating_sub(back));
            let piece = FilePiece { cut, ..FilePiece::new(&file, behind(start), behind(end)) };
            splits.push(Split { input, pieces: vec![Piece::File(piece)] });
            start = end;
        }
    }
    splits.sort_by_key(|split| std::cmp::Reverse(split.first_file().map_or(0, |(_, (start, end))| end - start)));
    Ok(splits)
}

/// The ends of a file's splits: the last one may be a tenth larger.
fn byte_cuts(bytes: u64, split_bytes: u64) -> Vec<u64> {
    let mut cuts = Vec::new();
    let mut rest = bytes;
    while rest as f64 / split_bytes as f64 > 1.1 {
        rest -= split_bytes;
        cuts.push(bytes - rest);
    }
    if rest > 0 || bytes == 0 {
        cuts.push(bytes);
    }
    cuts
}

/// The ends of a file's splits of so many lines each.
fn line_cuts(file: &InputFile, lines: u64, cancel: &CancelToken) -> Result<Vec<u64>> {
    let opened = file.open(cancel)?;
    let mut opened = BufReader::with_capacity(256 << 10, &opened);
    let (mut cuts, mut offset, mut open_lines) = (Vec::new(), 0, 0);
    let mut after_return = false;
    let mut end_line = |at: u64, cuts: &mut Vec<u64>| {
        open_lines += 1;
        if open_lines == lines {
            open_lines = 0;
            cuts.push(at);
        }
    };
    loop {
        cancel.check()?;
        let buffer = opened.fill_buf().map_err(|error| file.unreadable(error))?;
        let read = buffer.len();
        if read == 0 {
            break;
        }
        // A CR ends a line unless an LF follows it, which may be in the next buffer.
        if after_return && buffer[0] != b'\n' {
            end_line(offset, &mut cuts);
        }
        after_return = buffer[read - 1] == b'\r';
        for at in memchr::memchr2_iter(b'\n', b'\r', buffer) {
            let is_return = buffer[at] == b'\r';
            if is_return && (at + 1 == read || buffer[at + 1] == b'\n') {
                continue;
            }
            end_line(offset + at as u64 + 1, &mut cuts);
        }
        offset += read as u64;
        opened.consume(read);
    }
    if cuts.last().is_none_or(|last| *last < offset) && offset > 0 {
        cuts.push(offset);
    }
    Ok(cuts)
}

/// A lower bound on the number of splits of these files: those that do not stay whole are cut.
fn fewest_splits(files: &[InputFile], whole: &[bool], split_bytes: u64) -> u64 {
    let cut = files.iter().zip(whole).filter(|(_, whole)| !**whole);
    cut.map(|(file, _)| file.bytes).sum::<u64>() / split_bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    use crate::config::Mode;
    use crate::input::listing::list_files;
    use crate::input::watch::Watched;

    fn file(path: &str, bytes: u64) -> InputFile {
        let watched = Watched::default();
        let (path, called, remote) = (Path::new(path).into(), None, None);
        InputFile { path, called, bytes, modified_ns: 0, device: 0, inode: 0, remote, watched }
    }

    /// Plans files that do not exist; those are compressed whose names say so.
    fn at_most(files: &[InputFile], split_bytes: u64, splits: usize) -> Result<Vec<Split>> {
        let whole: Vec<bool> = files.iter().map(|file| file.path.extension().is_some()).collect();
        cut_at_most(0, files, &whole, split_bytes, 1, splits)
    }

    /// Files of so many bytes, in the order of their names, each beginning with `beginning`.
    fn files(sizes: &[usize], beginning: &[u8]) -> (tempfile::TempDir, Vec<InputFile>) {
        let dir = tempfile::tempdir().unwrap();
        for (number, bytes) in sizes.iter().enumerate() {
            let mut content = beginning.to_vec();
            content.resize(*bytes, b'x');
            std::fs::write(dir.path().join(format!("{number}")), content).unwrap();
        }
        let files = list_files(&[dir.path().to_owned()]).unwrap();
        (dir, files)
    }

    fn ranges(splits: &[Split]) -> Vec<Vec<(u64, u64)>> {
        let range = |piece: &Piece| match piece {
            Piece::File(piece) => (piece.start, piece.end),
            Piece::Partition(_) | Piece::Invariant(_) => unreachable!("only files are planned here"),
        };
        splits.iter().map(|split| split.pieces.iter().map(range).collect()).collect()
    }

    #[test]
    fn large_files_are_cut_and_small_ones_share() {
        let (_dir, files) = files(&[25, 3, 4, 4, 0], b"");
        assert_eq!(
            ranges(&plan_at_most(0, &files, 10, 1, 0).unwrap()),
            [vec![(0, 10)], vec![(10, 20)], vec![(20, 25), (0, 3)], vec![(0, 4), (0, 4), (0, 0)]]
        );
    }

    #[test]
    fn compressed_files_stay_whole_and_cuts_are_aligned() {
        let (_dir, compressed) = files(&[25], b"\x1f\x8b\x08\0");
        assert_eq!(ranges(&plan_at_most(0, &compressed, 10, 1, 0).unwrap()), [[(0, 25)]]);
        let (_dir, plain) = files(&[25], b"");
        let cuts = ranges(&plan_at_most(0, &plain, 10, 4, 0).unwrap());
        assert_eq!(cuts, [vec![(0, 8)], vec![(8, 16)], vec![(16, 24), (24, 25)]]);
    }

    #[test]
    fn a_file_with_blocks_is_cut_where_they_end() {
        let ends = |block: u64, split_bytes: u64, alignment: u64, bytes: u64| {
            let mut ends = vec![0];
            while ends[ends.len() - 1] < bytes {
                let start = ends[ends.len() - 1];
                ends.push(next_cut(Some(block), start, split_bytes, alignment).min(bytes));
            }
            ends
        };
        assert_eq!(ends(10, 10, 1, 25), [0, 10, 20, 25]);
        assert_eq!(ends(10, 25, 1, 65), [0, 20, 40, 60, 65], "as many blocks as fit");
        assert_eq!(ends(10, 7, 1, 25), [0, 5, 10, 15, 20, 25], "equal parts of a block");
        assert_eq!(ends(128, 128, 100, 1000), [0, 100, 200, 300, 500, 600, 700, 800, 1000], "where records begin");
        assert_eq!(ends(1000, 350, 100, 2000), [0, 300, 600, 1000, 1300, 1600, 2000]);
        assert_eq!(ends(10, 3, 100, 250), [0, 100, 200, 250], "a record is larger than a block");
    }

    #[test]
    fn there_are_as_many_default_splits_as_workers() {
        let mut config = JobConfig::new(Mode::Memory);
        config.workers = 4;
        assert_eq!(split_bytes(&config, 100), 25);
        assert_eq!(split_bytes(&config, 1 << 40), 128 << 20);
        config.faults.faults = vec!["map:9:panic".parse().unwrap()];
        assert_eq!(split_bytes(&config, 100), 10);
        config.split_bytes = Some(7);
        assert_eq!(split_bytes(&config, 1 << 40), 7);
    }

    #[test]
    fn more_splits_than_map_tasks_are_refused_with_the_least_size_that_works() {
        let most = MAX_MAP_TASKS;
        let inputs: [Vec<InputFile>; 4] = [
            vec![file("a", 10 * most)],
            vec![file("a", 10 * most + 1)],
            (0..1000).map(|_| file("a", most / 100 + 7)).collect(),
            vec![file("huge", u64::MAX / 2), file("a.gz", u64::MAX / 2)],
        ];
        for files in inputs {
            let message = at_most(&files, 1, 0).unwrap_err().to_string();
            assert!(message.starts_with("--split-size 1 makes more than the 250000 map tasks"), "{message}");
            let words = message.split(' ').collect::<Vec<_>>();
            let least = words[words.iter().position(|word| *word == "least").unwrap() + 1].parse().unwrap();
            assert!(at_most(&files, least, 0).is_ok_and(|splits| splits.len() as u64 <= most), "{least}");
        }
        assert_eq!(at_most(&[file("a", most)], 1, 0).unwrap().len() as u64, most);
        assert!(at_most(&[file("a", most)], 1, 1).is_err(), "another input has splits, too");
        // A compressed file is one split, however large.
        assert_eq!(at_most(&[file("a.gz", u64::MAX)], 1, 0).unwrap().len(), 1);
    }

    #[test]
    fn default_splits_are_never_too_many() {
        let mut config = JobConfig::new(Mode::Memory);
        config.workers = crate::config::MAX_WORKERS;
        for bytes in [1, 1 << 20, 1 << 40, 1 << 50, u64::MAX / 4] {
            assert!(bytes / split_bytes(&config, bytes) <= MAX_MAP_TASKS, "{bytes}");
        }
    }
}
