//! Merging sorted runs.
//!
//! [`Merge`] reads one partition of several runs as one sequence sorted by key; equal keys come in the order of the runs,
//! and within a run in its order, so that the order of values never depends on chance. It is a *loser tree* (Knuth, TAOCP
//! vol. 3, 5.4.1): each inner node keeps the loser of the match played there, and replacing the winner replays one match a
//! level. A run says itself where its key does not change ([`crate::record::frame`]); the winner then stays the winner and
//! nothing is compared at all. Where there is one run, only the keys before and behind a block's end are compared.
//!
//! A merge looks at the token before it opens a run and whenever it leaves a block, so that many short merges notice it as
//! soon as a long one.

use std::hint::select_unpredictable;

use crate::cancel::CancelToken;
use crate::error::Result;
use crate::job::GroupedRecords;
use crate::record::buffer;
use crate::record::prefix::prefix;
use crate::store::{RunCursor, Segment, Step};

/// The part of a key that is compared first, and that decides unless keys are long. The heads of all cursors lie
/// together, so that a match touches no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Head {
    /// The first sixteen bytes as a number that orders like them, with zeros after the key's end.
    prefix: u128,
    /// Bytes of the key in the prefix, or one of the two below. With equal prefixes the shorter key is the lesser.
    class: u8,
}

/// Class of a key that is longer than its prefix.
const LONG: u8 = 17;
/// Class of a cursor that has no more records.
const ENDED: u8 = 18;

impl Head {
    const ENDED: Head = Head { prefix: u128::MAX, class: ENDED };

    /// The head of the key that lies there in `block`. What follows a short key is loaded with it and masked, without a
    /// branch on the key's length.
    #[inline(always)]
    fn of(block: &[u8], (start, end): (usize, usize)) -> Self {
        let (key, len) = (&block[start..end], end - start);
        let prefix = match (key.first_chunk(), block[start..].first_chunk()) {
            (Some(bytes), _) => u128::from_be_bytes(*bytes),
            (None, Some(bytes)) => u128::from_be_bytes(*bytes) & !(u128::MAX >> (8 * len)),
            (None, None) => {
                let (head, tail) = key.split_at(len.min(8));
                u128::from(prefix(head)) << 64 | u128::from(prefix(tail))
            }
        };
        Head { prefix, class: len.min(usize::from(LONG)) as u8 }
    }

    /// The head of the key that a cursor is at.
    #[inline(always)]
    fn at(cursor: &RunCursor) -> Self {
        Head::of(cursor.block(), cursor.key_range())
    }
}

/// Segments of several runs, merged.
pub struct Merge {
    cursors: Vec<RunCursor>,
    heads: Vec<Head>,
    /// `losers[1..]` are the inner nodes of a complete binary tree whose leaves are the cursors; `losers[0]` is unused.
    losers: Vec<u32>,
    winner: usize,
    started: bool,
    /// The current record's key; the next winner may have it too.
    current: CurrentKey,
    current_head: Head,
    /// The current key, once its block is gone.
    kept_key: Vec<u8>,
    /// Bytes of the blocks that were read to their end.
    bytes_read: u64,
    cancel: CancelToken,
}

/// The place of the current key.
#[derive(Clone, Copy, Debug)]
enum CurrentKey {
    /// In the block that a cursor is at.
    InBlock { cursor: usize, start: usize, end: usize },
    /// In `kept_key`.
    Kept,
}

impl Merge {
    /// A merge of `segments`, before its first record. It ends with [`Cancelled`](crate::Error::Cancelled) once `cancel` is.
    pub(crate) fn open(segments: impl IntoIterator<Item = Segment>, cancel: &CancelToken) -> Result<Self> {
        let (mut cursors, mut heads) = (Vec::new(), Vec::new());
        for segment in segments.into_iter().filter(|segment| segment.index().records > 0) {
            cancel.check()?;
            let mut cursor = RunCursor::open(&segment)?;
            heads.push(if cursor.advance()?.is_some() { Head::at(&cursor) } else { Head::ENDED });
            cursors.push(cursor);
        }
        let mut merge = Merge {
            losers: vec![0; cursors.len()],
            cursors,
            heads,
            winner: 0,
            started: false,
            current: CurrentKey::Kept,
            current_head: Head::ENDED,
            kept_key: Vec::new(),
            bytes_read: 0,
            cancel: cancel.clone(),
        };
        if !merge.cursors.is_empty() {
            merge.winner = merge.play(1);
        }
        Ok(merge)
    }

    /// Plays all matches at and below `node`; returns the winner. The tree is as deep as the logarithm of its leaves.
    fn play(&mut self, node: usize) -> usize {
        if node >= self.cursors.len() {
            return node - self.cursors.len();
        }
        let (left, right) = (self.play(2 * node), self.play(2 * node + 1));
        let played = |cursor: usize| (self.heads[cursor], cursor);
        let (winner, loser) = if self.beats(played(left), played(right)) { (left, right) } else { (right, left) };
        self.losers[node] = loser as u32;
        winner
    }

    /// Whether cursor `a`, which has this head, stands before cursor `b`. Ended cursors come last.
    #[inline(always)]
    fn beats(&self, (left, a): (Head, usize), (right, b): (Head, usize)) -> bool {
        let (less, equal) = (left < right, left == right);
        if equal && left.class == LONG {
            return (self.cursors[a].key(), a) < (self.cursors[b].key(), b);
        }
        less | (equal & (a < b))
    }

    /// Moves to the next record in key order. [`Step::SameKey`] means exactly that it has the key of the record before.
    #[inline(always)]
    pub(crate) fn advance(&mut self) -> Result<Option<Step>> {
        if self.started {
            let Some(winner) = self.cursors.get_mut(self.winner) else { return Ok(None) };
            let stays_in_block = !winner.at_end_of_block();
            let step = if stays_in_block { Some(winner.advance_in_block()?) } else { self.next_block()? };
            if step == Some(Step::SameKey) {
                return Ok(step);
            }
            if stays_in_block && self.cursors.len() == 1 {
                self.take_key();
                return Ok(step);
            }
            self.replay(step);
        }
        Ok(self.new_winner())
    }

    /// Moves the winner to its next block, and copies the current key before its block goes.
    #[inline(never)]
    fn next_block(&mut self) -> Result<Option<Step>> {
        self.cancel.check()?;
        self.bytes_read += self.cursors[self.winner].block().len() as u64;
        if let CurrentKey::InBlock { cursor, start, end } = self.current {
            buffer::replace(&mut self.kept_key, &self.cursors[cursor].block()[start..end], "a key")?;
            self.current = CurrentKey::Kept;
        }
        if self.cursors.len() == 1 {
            // It was not needed within the block.
            self.current_head = Head::at(&self.cursors[0]);
        }
        self.cursors[self.winner].advance()
    }

    /// Gives the winner, whose cursor has taken this step, its new head, and plays the matches on its way up. Who wins a match
    /// cannot be predicted, so it is selected without a branch.
    #[inline(never)]
    fn replay(&mut self, step: Option<Step>) {
        let mut winner = self.winner;
        let mut head = if step.is_some() { Head::at(&self.cursors[winner]) } else { Head::ENDED };
        self.heads[winner] = head;
        let mut node = (winner + self.cursors.len()) / 2;
        while node > 0 {
            let challenger = self.losers[node] as usize;
            let other = self.heads[challenger];
            let wins = self.beats((other, challenger), (head, winner));
            self.losers[node] = select_unpredictable(wins, winner, challenger) as u32;
            head = select_unpredictable(wins, other, head);
            winner = select_unpredictable(wins, challenger, winner);
            node /= 2;
        }
        self.winner = winner;
    }

    fn new_winner(&mut self) -> Option<Step> {
        let head = *self.heads.get(self.winner).filter(|head| head.class != ENDED)?;
        let cursor = &self.cursors[self.winner];
        let same = self.current_head == head && (head.class != LONG || self.key() == cursor.key());
        self.started = true;
        if same {
            return Some(Step::SameKey);
        }
        self.current_head = head;
        self.take_key();
        Some(Step::NewKey)
    }

    /// Makes the winner's key the current one.
    #[inline(always)]
    fn take_key(&mut self) {
        let (start, end) = self.cursors[self.winner].key_range();
        self.current = CurrentKey::InBlock { cursor: self.winner, start, end };
    }

    /// Bytes of records that were read, counted a block at a time.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// The current record's key.
    #[inline(always)]
    pub fn key(&self) -> &[u8] {
        match self.current {
            CurrentKey::InBlock { cursor, start, end } => &self.cursors[cursor].block()[start..end],
            CurrentKey::Kept => &self.kept_key,
        }
    }

    /// The current record with its key, as it lies in its run, where the step to it was [`Step::NewKey`].
    #[inline(always)]
    pub(crate) fn framed(&self) -> &[u8] {
        self.cursors[self.winner].framed()
    }

    /// The current record's value.
    #[inline(always)]
    pub fn value(&self) -> &[u8] {
        self.cursors[self.winner].value()
    }
}

impl GroupedRecords for Merge {
    #[inline(always)]
    fn advance(&mut self) -> Result<Option<Step>> {
        Merge::advance(self)
    }

    #[inline(always)]
    fn key(&self) -> &[u8] {
        Merge::key(self)
    }

    #[inline(always)]
    fn value(&self) -> &[u8] {
        Merge::value(self)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::config::Compression;
    use crate::error::Error;
    use crate::observe::purpose::Purpose;
    use crate::record::frame;
    use crate::store::disk::DiskStore;
    use crate::store::memory::MemoryStore;
    use crate::store::{BlockBuilder, MemoryBudget, RunBuilder, RunStore};

    /// A store in memory whose blocks hold few records, so that keys and values straddle them.
    fn store(dir: &tempfile::TempDir) -> MemoryStore {
        let overflow = Arc::new(DiskStore::new(dir.path().to_owned(), Compression::None, Arc::default()));
        MemoryStore::new(MemoryBudget::new(u64::MAX), crate::config::OnFull::Fail, overflow)
    }

    fn run(store: &dyn RunStore, number: usize, records: &[(Vec<u8>, u32)]) -> Segment {
        let mut builder = RunBuilder::create(store, &format!("run-{number}"), 1, 64, Purpose::Spill).unwrap();
        let mut previous: Option<&[u8]> = None;
        for (key, value) in records {
            builder.push(0, key, &value.to_be_bytes(), previous == Some(key)).unwrap();
            previous = Some(key);
        }
        Segment { run: builder.finish().unwrap(), partition: 0, read_for: Purpose::Merge }
    }

    fn merged(segments: Vec<Segment>) -> Vec<(Vec<u8>, u32, bool)> {
        let mut merge = Merge::open(segments, &CancelToken::default()).unwrap();
        let mut records = Vec::new();
        while let Some(step) = merge.advance().unwrap() {
            let value = u32::from_be_bytes(merge.value().try_into().unwrap());
            records.push((merge.key().to_vec(), value, step == Step::SameKey));
        }
        assert!(merge.advance().unwrap().is_none(), "an ended merge stays ended");
        records
    }

    fn key() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![Just(0u8), Just(b'a'), Just(0xff)];
        prop_oneof![
            prop::collection::vec(byte.clone(), 0..4),
            prop::collection::vec(byte, 0..3).prop_map(|tail| [b"sixteen bytes and".to_vec(), tail].concat()),
        ]
    }

    proptest! {
        #[test]
        fn a_merge_is_a_stable_sort_of_its_runs(mut runs in prop::collection::vec(prop::collection::vec(key(), 0..60), 0..9)) {
            let dir = tempfile::tempdir().unwrap();
            let (store, mut value, mut all, mut segments) = (store(&dir), 0, Vec::new(), Vec::new());
            for (number, keys) in runs.iter_mut().enumerate() {
                keys.sort();
                let records: Vec<_> = keys.drain(..).map(|key| { value += 1; (key, value) }).collect();
                segments.push(run(&store, number, &records));
                all.extend(records);
            }
            all.sort_by(|a, b| a.0.cmp(&b.0));
            let expected: Vec<_> = all.iter().enumerate()
                .map(|(i, (key, value))| (key.clone(), *value, i > 0 && all[i - 1].0 == *key)).collect();
            prop_assert_eq!(merged(segments), expected);
        }
    }

    #[test]
    fn a_block_whose_first_record_has_no_key_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let mut block = BlockBuilder::with_capacity(64);
        frame::push_same_key(b"value", block.records_mut());
        block.count_record();
        let mut writer = store(&dir).create("run", 1, Purpose::Spill).unwrap();
        writer.put(0, &mut block).unwrap();
        let segment = Segment { run: writer.finish().unwrap(), partition: 0, read_for: Purpose::Merge };
        assert!(matches!(Merge::open([segment], &CancelToken::default()), Err(Error::Codec { .. })));
    }

    #[test]
    fn a_merge_that_is_cancelled_ends_however_short_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let (store, cancel) = (store(&dir), CancelToken::default());
        let records: Vec<_> = (0..50u32).map(|i| (i.to_be_bytes().to_vec(), i)).collect();
        let segments = || (0..2).map(|number| run(&store, number, &records));
        let mut merge = Merge::open(segments(), &cancel).unwrap();
        merge.advance().unwrap();
        cancel.cancel();
        let end = std::iter::repeat_with(|| merge.advance()).take(20).find(Result::is_err);
        assert!(matches!(end, Some(Err(Error::Cancelled))), "a merge notices at the end of a block");
        assert!(matches!(Merge::open(segments(), &cancel), Err(Error::Cancelled)), "and before it opens a run");
    }

    #[test]
    fn heads_order_like_keys() {
        let keys: [&[u8]; 8] =
            [b"", b"\0", b"a", b"a\0", b"aaaaaaaa", b"aaaaaaaab", b"aaaaaaaabbbbbbbb", b"aaaaaaaabbbbbbbb\0"];
        for behind in [&b""[..], b"\0", &[0xff; 40]] {
            let head = |key: &[u8]| Head::of(&[b"before", key, behind].concat(), (6, 6 + key.len()));
            assert!(keys.windows(2).all(|pair| head(pair[0]) < head(pair[1])), "whatever stands behind them");
            assert!(head(&[0xff; 20]) < Head::ENDED);
            assert_eq!(head(b"aaaaaaaabbbbbbbbc"), head(b"aaaaaaaabbbbbbbbd"));
        }
    }
}
