//! Bounds on the time that a run would have taken if some of its work had cost nothing.
//!
//! The method is that of Ousterhout et al., *Making Sense of Performance in Data Analytics Frameworks* (NSDI 2015),
//! section 3.2: the time of that work is subtracted from each task, and the tasks of a wave are given to its workers
//! again, in the order in which they began. The result bounds the possible gain, since nothing else is assumed to
//! become slower.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use crate::observe::report::{Bounds, TaskReport};
use crate::observe::time_use::TimeUse;

impl Bounds {
    /// Subtracts the time that a wave would have saved.
    pub(crate) fn shorten_by_wave(&mut self, tasks: &[TaskReport], workers: usize) {
        let tasks: Vec<&TaskReport> = tasks.iter().collect();
        let actual = makespan(&tasks, workers, |_| 0.0);
        self.shorten(|saves| actual - makespan(&tasks, workers, |task| saves(&task.time)));
    }

    /// Subtracts the time that a single thread's own work would have saved.
    pub(crate) fn shorten_by(&mut self, alone: &TimeUse) {
        self.shorten(|saves| saves(alone));
    }

    /// The bounds of a run of `wall_seconds`; `self` holds the seconds to add to it, which are below zero.
    pub(crate) fn of_run(self, wall_seconds: f64) -> Bounds {
        let bound = |saved: f64| (wall_seconds + saved).max(0.0);
        Bounds {
            infinitely_fast_disk_seconds: bound(self.infinitely_fast_disk_seconds),
            free_intermediate_files_seconds: bound(self.free_intermediate_files_seconds),
        }
    }

    fn shorten(&mut self, saved: impl Fn(fn(&TimeUse) -> f64) -> f64) {
        self.infinitely_fast_disk_seconds -= saved(TimeUse::disk_wait);
        self.free_intermediate_files_seconds -= saved(TimeUse::intermediate_files);
    }
}

/// Time that `workers` take for the tasks, each of which is shorter by `saved` of it.
pub(crate) fn makespan(tasks: &[&TaskReport], workers: usize, saved: impl Fn(&TaskReport) -> f64) -> f64 {
    let mut in_order = tasks.to_vec();
    in_order.sort_by(|a, b| a.start_seconds.total_cmp(&b.start_seconds));
    let mut free_from: BinaryHeap<_> = (0..workers.min(tasks.len())).map(|_| Reverse(Seconds(0.0))).collect();
    for task in in_order {
        let mut next = free_from.peek_mut().expect("where there is a task there is a worker");
        next.0.0 += (task.end_seconds - task.start_seconds - saved(task)).max(0.0);
    }
    free_from.into_iter().map(|Reverse(Seconds(from))| from).fold(0.0, f64::max)
}

/// A time that can be compared with every other.
#[derive(Clone, Copy, Debug)]
struct Seconds(f64);

impl Ord for Seconds {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Seconds {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Seconds {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Seconds {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::report::Outcome;
    use crate::observe::time_use::Waiting;

    fn task(start: f64, end: f64, waited: f64) -> TaskReport {
        TaskReport {
            id: String::new(),
            attempt: 0,
            outcome: Outcome::Succeeded,
            worker: None,
            host: None,
            start_seconds: start,
            end_seconds: end,
            records: 0,
            bytes: 0,
            time: TimeUse {
                wait: Waiting { read_input: waited / 2.0, write_intermediate: waited / 2.0, ..Waiting::default() },
                ..TimeUse::default()
            },
            error: None,
        }
    }

    fn bounds(wall: f64) -> Bounds {
        Bounds { infinitely_fast_disk_seconds: wall, free_intermediate_files_seconds: wall }
    }

    #[test]
    fn only_waiting_on_the_longest_way_counts() {
        // Two workers: one has the first and the third task, the other the second, which ends last.
        let tasks = [task(0.0, 2.0, 2.0), task(0.0, 6.0, 0.0), task(2.0, 5.0, 1.0)];
        let mut of_wave = bounds(6.0);
        of_wave.shorten_by_wave(&tasks, 2);
        assert_eq!(of_wave, bounds(6.0), "the second task never waited");
        of_wave.shorten_by_wave(&tasks, 1);
        assert_eq!(of_wave.infinitely_fast_disk_seconds, 3.0, "one worker has all that waited");
        assert_eq!(of_wave.free_intermediate_files_seconds, 4.5);
    }

    #[test]
    fn tasks_move_up_where_there_is_room() {
        let tasks = [task(0.0, 4.0, 4.0), task(0.0, 3.0, 0.0), task(3.0, 6.0, 0.0)];
        let mut of_wave = bounds(10.0);
        of_wave.shorten_by_wave(&tasks, 2);
        assert_eq!(of_wave.infinitely_fast_disk_seconds, 7.0, "the third task begins at once");
    }
}
