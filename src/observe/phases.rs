//! Where a task's time goes: a log of spans, summed over the tasks when the run ends.

use std::time::Instant;

use crate::observe::activity::{Activity, Reading, Usage};
use crate::observe::report::Phase;
use crate::observe::time_use::TimeUse;

/// The phases, in the order of the data flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhaseName {
    /// Reading input, the user's map code, collecting.
    Map,
    /// Sorting a full buffer.
    Sort,
    /// Writing a sorted buffer as a run.
    Spill,
    /// Merging runs into a run: the map side's last merge, and reducers' passes above the merge factor.
    Merge,
    /// Reducers opening their partition of every map output.
    Shuffle,
    /// The last merge, which feeds the user's reduce code, and writing the output.
    Reduce,
    /// Publishing the output.
    Commit,
}

const PHASES: [PhaseName; 7] = [
    PhaseName::Map,
    PhaseName::Sort,
    PhaseName::Spill,
    PhaseName::Merge,
    PhaseName::Shuffle,
    PhaseName::Reduce,
    PhaseName::Commit,
];
const NAMES: [&str; PHASES.len()] = ["map", "sort", "spill", "merge", "shuffle", "reduce", "commit"];

impl PhaseName {
    /// What computing in the phase mostly is.
    fn usual(self) -> Activity {
        match self {
            PhaseName::Map | PhaseName::Reduce => Activity::User,
            PhaseName::Sort => Activity::Sort,
            PhaseName::Spill => Activity::Encode,
            PhaseName::Merge => Activity::Merge,
            PhaseName::Shuffle | PhaseName::Commit => Activity::Other,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Span {
    phase: PhaseName,
    start: Instant,
    end: Instant,
}

/// The spans of one task attempt or of a whole run. Spans of one task do not overlap: what happens inside another phase's
/// span (a spill while mapping) is cut out of it.
#[derive(Clone, Debug, Default)]
pub struct PhaseLog {
    spans: Vec<Span>,
    used: [Usage; NAMES.len()],
    bytes: [u64; NAMES.len()],
}

/// The beginning of a phase.
#[derive(Clone, Copy, Debug)]
pub struct PhaseStart {
    reading: Reading,
    /// What was logged before.
    spans: usize,
    used: Usage,
}

impl PhaseLog {
    /// A phase of this thread begins.
    pub fn begin(&self) -> PhaseStart {
        PhaseStart { reading: Reading::now(), spans: self.spans.len(), used: self.used() }
    }

    /// Logs that the thread was in `phase` since `start`, but for the phases that were logged meanwhile.
    pub fn end(&mut self, phase: PhaseName, start: PhaseStart) {
        let now = Reading::now();
        self.used[phase as usize] += now.since(&start.reading) - (self.used() - start.used);
        let mut from = start.reading.at;
        for i in start.spans..self.spans.len() {
            let Span { start, end, .. } = self.spans[i];
            self.spans.push(Span { phase, start: from, end: start });
            from = end;
        }
        self.spans.push(Span { phase, start: from, end: now.at });
    }

    /// Over all phases.
    fn used(&self) -> Usage {
        self.used.iter().fold(Usage::default(), |mut sum, used| {
            sum += *used;
            sum
        })
    }

    /// Adds to the bytes that went through `phase`.
    pub fn add_bytes(&mut self, phase: PhaseName, bytes: u64) {
        self.bytes[phase as usize] += bytes;
    }

    /// Bytes that went through `phase`.
    pub fn bytes(&self, phase: PhaseName) -> u64 {
        self.bytes[phase as usize]
    }

    /// Takes over another log.
    pub fn append(&mut self, mut other: PhaseLog) {
        self.spans.append(&mut other.spans);
        self.used.iter_mut().zip(other.used).for_each(|(sum, used)| *sum += used);
        for (sum, bytes) in self.bytes.iter_mut().zip(other.bytes) {
            *sum += bytes;
        }
    }

    /// One row a phase.
    pub fn summary(&self) -> Vec<Phase> {
        let mut spans = self.spans.clone();
        spans.sort_by_key(|span| span.start);
        PHASES
            .into_iter()
            .zip(NAMES)
            .map(|(phase, name)| {
                let (mut wall, mut busy) = (0.0, 0.0);
                let mut covered_until: Option<Instant> = None;
                for span in spans.iter().filter(|span| span.phase == phase) {
                    busy += (span.end - span.start).as_secs_f64();
                    let from = covered_until.map_or(span.start, |until| until.max(span.start));
                    wall += span.end.saturating_duration_since(from).as_secs_f64();
                    covered_until = Some(covered_until.map_or(span.end, |until| until.max(span.end)));
                }
                let time = TimeUse::of(&self.used[phase as usize], phase.usual());
                Phase { name, wall_seconds: wall, busy_seconds: busy, bytes: self.bytes[phase as usize], time }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::observe::activity::{FileUse, file_call};

    #[test]
    fn wall_is_the_union_of_spans_and_busy_their_sum() {
        let t = Instant::now();
        let at = |seconds| t + Duration::from_secs(seconds);
        let span = |phase, from, to| Span { phase, start: at(from), end: at(to) };
        let log = PhaseLog {
            spans: vec![
                span(PhaseName::Map, 0, 4),
                span(PhaseName::Map, 2, 6),
                span(PhaseName::Map, 10, 11),
                span(PhaseName::Sort, 6, 7),
            ],
            ..PhaseLog::default()
        };
        let summary = log.summary();
        assert_eq!((summary[0].wall_seconds, summary[0].busy_seconds), (7.0, 9.0));
        assert_eq!((summary[1].wall_seconds, summary[1].busy_seconds), (1.0, 1.0));
    }

    #[test]
    fn a_phase_around_others_counts_only_its_own_time() {
        let began = Instant::now();
        let mut log = PhaseLog::default();
        let start = log.begin();
        let pause = || file_call(FileUse::WriteIntermediate, || std::thread::sleep(Duration::from_millis(2)));
        pause();
        let inner = log.begin();
        pause();
        log.end(PhaseName::Spill, inner);
        log.end(PhaseName::Map, start);
        let total = began.elapsed().as_secs_f64();
        let summary = log.summary();
        let sum: f64 = summary.iter().map(|phase| phase.busy_seconds).sum();
        assert!(sum <= total && summary[2].busy_seconds >= 0.002 && summary[0].busy_seconds >= 0.002);
        let waited = [0, 2].map(|phase: usize| summary[phase].time.wait.write_intermediate);
        assert!(waited.iter().all(|waited| *waited >= 0.002) && waited.iter().sum::<f64>() <= total, "{waited:?}");
    }
}
