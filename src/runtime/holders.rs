//! The map outputs that hold records of a partition.
//!
//! Where there are many map tasks and many reducers, most map outputs hold nothing for most reducers. Each reducer then
//! looks only at those that hold something, so that the work of all reducers grows with the number of segments, not of
//! pairs:
//!
//! ```text
//! tasks    0 2 7 │ 1 2 │   │ 0 …
//! ends         3     5   5
//! partition    0     1   2
//! ```
//!
//! Where most of them hold something, a list would be as long as the number of pairs, and none is made.

use crate::pipeline::collect::MapOutput;

/// A list is worth its memory where it divides the number of looks by so much.
const LEAST_SAVING: u64 = 8;

/// The map tasks that have records for each partition.
#[derive(Debug)]
pub(crate) struct Holders {
    tasks: Vec<u32>,
    ends: Vec<usize>,
}

impl Holders {
    /// `None` where each reducer might as well look at all outputs.
    pub fn of(outputs: &[MapOutput]) -> Option<Self> {
        let partitions = outputs.iter().flat_map(|output| &output.runs).map(|run| run.index().len()).max()?;
        let mut ends = vec![0; partitions];
        each_pair(outputs, |partition, _| ends[partition as usize] += 1);
        let mut pairs = 0;
        for end in &mut ends {
            // The beginning of the partition's tasks, until these are filled in.
            pairs += std::mem::replace(end, pairs);
        }
        if pairs as u64 > outputs.len() as u64 * partitions as u64 / LEAST_SAVING {
            return None;
        }
        let mut tasks = vec![0; pairs];
        each_pair(outputs, |partition, task| {
            let end = &mut ends[partition as usize];
            tasks[*end] = task;
            *end += 1;
        });
        Some(Holders { tasks, ends })
    }

    /// The tasks in order; one with several runs may occur several times.
    pub fn tasks(&self, partition: u32) -> &[u32] {
        let end = |partition: usize| self.ends.get(partition).copied().unwrap_or(self.tasks.len());
        let begin = (partition as usize).checked_sub(1).map_or(0, end);
        &self.tasks[begin..end(partition as usize)]
    }
}

/// Calls `each` for each partition of each run that holds records, and the run's map task.
fn each_pair(outputs: &[MapOutput], mut each: impl FnMut(u32, u32)) {
    for (task, output) in (0..).zip(outputs) {
        for run in &output.runs {
            run.index().for_each_filled(|partition| each(partition, task));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Compression;
    use crate::observe::purpose::Purpose;
    use crate::store::disk::DiskStore;
    use crate::store::{RunBuilder, RunStore};

    /// A map output of a run for each list of partitions, with a record in each of these.
    fn output(store: &dyn RunStore, task: usize, partitions: u32, runs: &[&[u32]]) -> MapOutput {
        let run = |(number, filled): (usize, &&[u32])| {
            let mut run =
                RunBuilder::create(store, &format!("{task}-{number}"), partitions, 1000, Purpose::Spill).unwrap();
            filled.iter().for_each(|partition| run.push(*partition, b"key", b"value", false).unwrap());
            run.finish().unwrap()
        };
        MapOutput { runs: runs.iter().enumerate().map(run).collect() }
    }

    #[test]
    fn each_partition_has_those_that_hold_something_of_it_in_their_order() {
        let dir = tempfile::tempdir().unwrap();
        let store = DiskStore::new(dir.path().to_owned(), Compression::None, Default::default());
        let filled: [&[&[u32]]; 5] = [&[&[0, 2]], &[], &[&[]], &[&[2], &[2, 99]], &[&[2]]];
        for partitions in [40, 200] {
            let within = |run: &[u32]| run.iter().copied().filter(|one| *one < partitions).collect::<Vec<_>>();
            let outputs = filled.iter().enumerate().map(|(task, runs)| {
                let runs: Vec<_> = runs.iter().map(|run| within(run)).collect();
                output(&store, task, partitions, &runs.iter().map(|run| &run[..]).collect::<Vec<_>>())
            });
            let outputs: Vec<_> = outputs.collect();
            let holders = Holders::of(&outputs).unwrap();
            assert_eq!(holders.tasks(0), [0]);
            assert_eq!(holders.tasks(1), [0; 0]);
            assert_eq!(holders.tasks(2), [0, 3, 3, 4]);
            assert_eq!(holders.tasks(partitions - 1), [0; 0]);
            if partitions > 99 {
                assert_eq!(holders.tasks(99), [3]);
            }
            outputs.into_iter().flat_map(|output| output.runs).for_each(drop);
        }
    }

    #[test]
    fn there_is_no_list_where_it_would_be_long() {
        let dir = tempfile::tempdir().unwrap();
        let store = DiskStore::new(dir.path().to_owned(), Compression::None, Default::default());
        let all: Vec<u32> = (0..100).collect();
        let outputs: Vec<_> = (0..3).map(|task| output(&store, task, 100, &[&all])).collect();
        assert!(Holders::of(&outputs).is_none());
        assert!(Holders::of(&[]).is_none());
    }
}
