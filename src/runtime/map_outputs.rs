//! The map outputs of a job while its reducers take them, and getting back those that are lost.
//!
//! ```text
//! reducer ──reads──▶ WatchedRun ──▶ run ──▶ damage ──▶ the slot of its map task is marked
//!                                                          │
//! next attempt ──take──▶ marked slots: the map task runs again, alone ──▶ all outputs, whole
//! ```
//!
//! A block that is corrupt, a file that is cut short or gone: the output of that map task is lost, and only that. What the
//! other map tasks left stays as it is, and so does what other reducers have committed. Whoever comes first runs the map
//! task again while the others that miss it wait; as many attempts as a task has (`--max-attempts`) count from the first
//! one on.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use crate::error::{Error, Result};
use crate::observe::activity::lock;
use crate::pipeline::collect::MapOutput;
use crate::store::{Block, BlockReader, Run, RunIndex, RunOnDisk};

/// What the map wave left, one slot a map task.
#[derive(Debug)]
pub(crate) struct MapOutputs {
    slots: Vec<Slot>,
    released: Mutex<Vec<u32>>,
}

#[derive(Debug)]
struct Slot {
    task: Arc<str>,
    /// Held while the map task runs again, so that it does so once.
    output: Mutex<Current>,
    /// The generation that somebody found lost; older ones are history.
    loss: Arc<Loss>,
}

#[derive(Debug)]
struct Current {
    output: MapOutput,
    generation: u32,
    next_attempt: u32,
}

/// What is known to be wrong with the output of one map task.
#[derive(Debug, Default)]
struct Loss {
    /// Number of the lost generation plus one.
    generation: AtomicU32,
    reason: Mutex<String>,
}

/// A map task that has to run again, and why.
#[derive(Debug)]
pub(crate) struct Lost {
    /// Its number.
    pub task: u32,
    /// The number for its next attempt.
    pub next_attempt: u32,
    /// What was found wrong.
    pub reason: String,
}

/// What running a map task again gave, and the number for the attempt after.
pub(crate) struct Rerun {
    pub output: MapOutput,
    pub next_attempt: u32,
}

impl MapOutputs {
    /// Takes charge of `outputs`, each with its map task's id and the number of attempts it took.
    pub fn new(outputs: impl IntoIterator<Item = (MapOutput, String, u32)>) -> Self {
        let slots = outputs.into_iter().map(|(output, task, next_attempt)| {
            let (task, loss) = (Arc::<str>::from(task), Arc::<Loss>::default());
            let output = watched(output, &task, 0, &loss);
            Slot { task, output: Mutex::new(Current { output, generation: 0, next_attempt }), loss }
        });
        MapOutputs { slots: slots.collect(), released: Mutex::default() }
    }

    /// Every map output, in the order of the input. Lost ones are made anew by `rerun` first.
    pub fn take(&self, mut rerun: impl FnMut(&Lost) -> Result<Rerun>) -> Result<Vec<MapOutput>> {
        let mut outputs = Vec::with_capacity(self.slots.len());
        for (task, slot) in self.slots.iter().enumerate() {
            let mut current = slot.current();
            if slot.loss.generation.load(Ordering::Acquire) > current.generation {
                let reason = slot.loss.reason.lock().expect("no panic while a reason is held").clone();
                let lost = Lost { task: task as u32, next_attempt: current.next_attempt, reason };
                // Its memory is wanted for what replaces it.
                current.output = MapOutput::default();
                let Rerun { output, next_attempt } = rerun(&lost)?;
                let generation = current.generation + 1;
                *current =
                    Current { output: watched(output, &slot.task, generation, &slot.loss), generation, next_attempt };
                for &partition in &*lock(&self.released) {
                    current.output.runs.iter().for_each(|run| run.release(partition));
                }
            }
            outputs.push(current.output.clone());
        }
        Ok(outputs)
    }

    /// A reducer has committed: nobody asks for its partition again.
    pub fn release(&self, partition: u32) {
        lock(&self.released).push(partition);
        for slot in &self.slots {
            slot.current().output.runs.iter().for_each(|run| run.release(partition));
        }
    }

    /// The runs as they are now.
    pub fn runs(&self) -> Vec<Arc<dyn Run>> {
        self.slots.iter().flat_map(|slot| slot.current().output.runs.clone()).collect()
    }
}

impl Slot {
    fn current(&self) -> MutexGuard<'_, Current> {
        // A panic while a map task runs again is caught around that.
        lock(&self.output)
    }
}

fn watched(output: MapOutput, task: &Arc<str>, generation: u32, loss: &Arc<Loss>) -> MapOutput {
    let watch = |inner| -> Arc<dyn Run> {
        Arc::new(WatchedRun { inner, watch: Watch { task: task.clone(), generation, loss: loss.clone() } })
    };
    MapOutput { runs: output.runs.into_iter().map(watch).collect() }
}

/// Whom to tell about damage.
#[derive(Clone, Debug)]
struct Watch {
    task: Arc<str>,
    generation: u32,
    loss: Arc<Loss>,
}

impl Watch {
    /// Marks the output as lost where `error` means that, and says so.
    #[cold]
    fn judge(&self, error: Error) -> Error {
        if !error.is_loss() {
            return error;
        }
        *self.loss.reason.lock().expect("no panic while a reason is held") = error.to_string();
        self.loss.generation.fetch_max(self.generation + 1, Ordering::Release);
        Error::MapOutputLost { task: self.task.to_string(), source: Box::new(error) }
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

    fn open(&self, partition: u32) -> Result<Box<dyn BlockReader>> {
        let inner = self.inner.open(partition).map_err(|error| self.watch.judge(error))?;
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
        let mut run = RunBuilder::create(store, name, partitions, 1000).unwrap();
        for partition in 0..partitions {
            run.push(partition, name.as_bytes(), b"value", false).unwrap();
        }
        MapOutput { runs: vec![run.finish().unwrap()] }
    }

    fn first_key(output: &MapOutput, partition: u32) -> Result<Vec<u8>> {
        let mut cursor = RunCursor::open(&Segment { run: output.runs[0].clone(), partition })?;
        cursor.advance()?;
        Ok(cursor.key().to_vec())
    }

    #[test]
    fn only_what_is_lost_is_made_again_and_only_once() {
        let dir = tempfile::tempdir().unwrap();
        let store = DiskStore::new(dir.path().to_owned(), Compression::None, Arc::default());
        let outputs = ["zero", "one", "two"].map(|name| (output(&store, name, 2), format!("map-{name}"), 1));
        let outputs = MapOutputs::new(outputs);
        let never = |lost: &Lost| -> Result<Rerun> { panic!("{lost:?}") };
        let before = outputs.take(never).unwrap();
        std::fs::remove_file(dir.path().join("one.run")).unwrap();
        assert_eq!(first_key(&before[0], 1).unwrap(), b"zero");
        let error = first_key(&before[1], 1).unwrap_err();
        assert!(matches!(&error, Error::MapOutputLost { task, .. } if task == "map-one"), "{error}");

        let after = outputs.take(|lost| {
            assert_eq!((lost.task, lost.next_attempt), (1, 1));
            assert!(lost.reason.contains("one.run"), "{}", lost.reason);
            Ok(Rerun { output: output(&store, "again", 2), next_attempt: 2 })
        });
        assert_eq!(first_key(&after.unwrap()[1], 1).unwrap(), b"again");
        // Somebody who still reads the lost output does not make the new one lost.
        assert!(first_key(&before[1], 0).is_err());
        outputs.take(never).unwrap();
    }
}
