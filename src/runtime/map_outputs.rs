//! The map outputs of a job while its reducers take them; remakes those that are lost.
//!
//! ```text
//! reducer ──reads──▶ WatchedRun ──▶ run ──▶ damage ──▶ the slot of its map task is marked
//!                                                          │
//! next attempt ──take──▶ marked slots: the map task runs again, alone ──▶ all outputs, complete
//! ```
//!
//! Where a block is corrupt, or a file is cut short or gone, the output of that map task is lost, and only that: the outputs
//! of other map tasks stay, and so do the parts that other reducers have committed. The first reducer that misses the output
//! runs the map task again, while others that miss it wait. All attempts at the map task count towards `--max-attempts`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::error::{Error, Result};
use crate::observe::activity::lock;
use crate::observe::purpose::Purpose;
use crate::pipeline::collect::MapOutput;
use crate::runtime::holders::Holders;
use crate::store::{Block, BlockReader, Run, RunIndex, RunOnDisk};

/// The outputs of the map wave, one slot for each map task.
#[derive(Debug)]
pub(crate) struct MapOutputs {
    /// Each is held while its map task runs again, so that it does so once.
    slots: Vec<Mutex<Current>>,
    /// The holders when the map wave ended.
    holders: Option<Holders>,
    losses: Arc<Losses>,
    released: Mutex<Vec<u32>>,
}

#[derive(Debug)]
struct Current {
    output: MapOutput,
    generation: u32,
    next_attempt: u32,
}

/// The losses that were found.
#[derive(Debug)]
struct Losses {
    /// Prefix of the ids of the map tasks.
    id_prefix: String,
    /// By map task.
    found: Mutex<HashMap<u32, Loss>>,
}

#[derive(Clone, Debug)]
struct Loss {
    /// The latest generation that was found lost; losses of older ones no longer matter.
    generation: u32,
    reason: String,
}

/// A map task that has to run again, and why.
#[derive(Debug)]
pub(crate) struct Lost {
    /// Its number.
    pub task: u32,
    /// The number for its next attempt.
    pub next_attempt: u32,
    /// The damage that was found.
    pub reason: String,
}

/// The output of a map task that ran again, and the number for its next attempt.
pub(crate) struct Rerun {
    pub output: MapOutput,
    pub next_attempt: u32,
}

impl MapOutputs {
    /// Takes charge of `outputs` in the order of their map tasks, each with the number of attempts it took. The ids of
    /// the tasks begin with `id_prefix`.
    pub fn new(id_prefix: String, outputs: impl IntoIterator<Item = (MapOutput, u32)>) -> Self {
        let losses = Arc::new(Losses { id_prefix, found: Mutex::default() });
        let (outputs, attempts): (Vec<_>, Vec<_>) = outputs.into_iter().unzip();
        let holders = Holders::of(&outputs);
        let slots = (0..).zip(outputs.into_iter().zip(attempts)).map(|(task, (output, next_attempt))| {
            let output = losses.watch(output, task, 0);
            Mutex::new(Current { output, generation: 0, next_attempt })
        });
        MapOutputs { slots: slots.collect(), holders, losses, released: Mutex::default() }
    }

    /// The number of map outputs.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// The map tasks that may hold records of a partition, in their order, each once.
    fn tasks(&self, partition: u32) -> impl Iterator<Item = u32> {
        let all = if self.holders.is_none() { self.slots.len() as u32 } else { 0 };
        let held = self.holders.as_ref().map_or(&[][..], |holders| holders.tasks(partition));
        (0..all).chain(held.chunk_by(|one, next| one == next).map(|same| same[0]))
    }

    /// Every map output that holds records of a partition, in the order of the input. `rerun` first makes lost ones
    /// again.
    pub fn take(&self, partition: u32, mut rerun: impl FnMut(&Lost) -> Result<Rerun>) -> Result<Vec<MapOutput>> {
        let losses = lock(&self.losses.found).clone();
        let mut outputs = Vec::new();
        for task in self.tasks(partition) {
            // A panic of a map task that runs again is caught within.
            let mut current = lock(&self.slots[task as usize]);
            if let Some(loss) = losses.get(&task).filter(|loss| loss.generation >= current.generation) {
                let lost = Lost { task, next_attempt: current.next_attempt, reason: loss.reason.clone() };
                // Frees its memory for the output that replaces it.
                current.output = MapOutput::default();
                let Rerun { output, next_attempt } = rerun(&lost)?;
                let generation = current.generation + 1;
                *current = Current { output: self.losses.watch(output, task, generation), generation, next_attempt };
                for &partition in &*lock(&self.released) {
                    current.output.runs.iter().for_each(|run| run.release(partition));
                }
            }
            outputs.push(current.output.clone());
        }
        Ok(outputs)
    }

    /// Releases the partition of a reducer that has committed: it will not be read again.
    pub fn release(&self, partition: u32) {
        lock(&self.released).push(partition);
        for task in self.tasks(partition) {
            lock(&self.slots[task as usize]).output.runs.iter().for_each(|run| run.release(partition));
        }
    }

    /// The runs as they are now.
    pub fn runs(&self) -> Vec<Arc<dyn Run>> {
        self.slots.iter().flat_map(|slot| lock(slot).output.runs.clone()).collect()
    }
}

impl Losses {
    fn watch(self: &Arc<Self>, output: MapOutput, task: u32, generation: u32) -> MapOutput {
        let watch = Watch { task, generation, losses: self.clone() };
        let watched = |inner| -> Arc<dyn Run> { Arc::new(WatchedRun { inner, watch: watch.clone() }) };
        MapOutput { runs: output.runs.into_iter().map(watched).collect() }
    }
}

/// The slot to mark where damage is found.
#[derive(Clone, Debug)]
struct Watch {
    task: u32,
    generation: u32,
    losses: Arc<Losses>,
}

impl Watch {
    /// Marks the output as lost where `error` means that, and says so.
    #[cold]
    fn judge(&self, error: Error) -> Error {
        if !error.is_loss() {
            return error;
        }
        let Watch { task, generation, losses } = self;
        let mut found = lock(&losses.found);
        if found.get(task).is_none_or(|known| known.generation <= *generation) {
            found.insert(*task, Loss { generation: *generation, reason: error.to_string() });
        }
        Error::MapOutputLost { task: format!("{}{task:05}", losses.id_prefix), source: Box::new(error) }
    }
}

/// A run of a map output.
#[derive(Debug)]
struct WatchedRun {
    inner: Arc<dyn Run>,
    watch: Watch,
}

impl Run for WatchedRun {
    fn index(&self) -> &RunIndex {
        self.inner.index()
    }

    fn open(&self, partition: u32, purpose: Purpose) -> Result<Box<dyn BlockReader>> {
        let inner = self.inner.open(partition, purpose).map_err(|error| self.watch.judge(error))?;
        Ok(Box::new(WatchedReader { inner, watch: self.watch.clone() }))
    }

    fn on_disk(&self) -> Option<&dyn RunOnDisk> {
        self.inner.on_disk()
    }

    fn release(&self, partition: u32) {
        self.inner.release(partition);
    }
}

struct WatchedReader {
    inner: Box<dyn BlockReader>,
    watch: Watch,
}

impl BlockReader for WatchedReader {
    fn next(&mut self, spent: Block) -> Result<Option<Block>> {
        self.inner.next(spent).map_err(|error| self.watch.judge(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Compression;
    use crate::store::disk::DiskStore;
    use crate::store::{RunBuilder, RunCursor, Segment};

    fn output(store: &DiskStore, name: &str, partitions: u32) -> MapOutput {
        let mut run = RunBuilder::create(store, name, partitions, 1000, Purpose::Spill).unwrap();
        for partition in 0..partitions {
            run.push(partition, name.as_bytes(), b"value", false).unwrap();
        }
        MapOutput { runs: vec![run.finish().unwrap()] }
    }

    fn first_key(output: &MapOutput, partition: u32) -> Result<Vec<u8>> {
        let mut cursor =
            RunCursor::open(&Segment { run: output.runs[0].clone(), partition, read_for: Purpose::Shuffle })?;
        cursor.advance()?;
        Ok(cursor.key().to_vec())
    }

    #[test]
    fn only_what_is_lost_is_made_again_and_only_once() {
        let dir = tempfile::tempdir().unwrap();
        let store = DiskStore::new(dir.path().to_owned(), Compression::None, Arc::default());
        let outputs = ["zero", "one", "two"].map(|name| (output(&store, name, 2), 1));
        let outputs = MapOutputs::new("map-".to_owned(), outputs);
        let never = |lost: &Lost| -> Result<Rerun> { panic!("{lost:?}") };
        let before = outputs.take(1, never).unwrap();
        std::fs::remove_file(dir.path().join("one.run")).unwrap();
        assert_eq!(first_key(&before[0], 1).unwrap(), b"zero");
        let error = first_key(&before[1], 1).unwrap_err();
        assert!(matches!(&error, Error::MapOutputLost { task, .. } if task == "map-00001"), "{error}");

        let after = outputs.take(1, |lost| {
            assert_eq!((lost.task, lost.next_attempt), (1, 1));
            assert!(lost.reason.contains("one.run"), "{}", lost.reason);
            Ok(Rerun { output: output(&store, "again", 2), next_attempt: 2 })
        });
        assert_eq!(first_key(&after.unwrap()[1], 1).unwrap(), b"again");
        // A reader of the lost output that finds more damage does not mark the new one.
        assert!(first_key(&before[1], 0).is_err());
        outputs.take(0, never).unwrap();
    }
}
