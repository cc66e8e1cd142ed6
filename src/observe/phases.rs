//! Where a task's time goes: a log of spans, summed over the tasks when the run ends.

use std::time::Instant;

use crate::observe::report::Phase;

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

const NAMES: [&str; 7] = ["map", "sort", "spill", "merge", "shuffle", "reduce", "commit"];

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
    bytes: [u64; NAMES.len()],
}

impl PhaseLog {
    /// Logs that the task was in `phase` from `start` until now.
    pub fn end(&mut self, phase: PhaseName, start: Instant) {
        self.spans.push(Span { phase, start, end: Instant::now() });
    }

    /// Like [`end`](Self::end), without the time of the spans that were logged since `start`.
    pub fn end_around(&mut self, phase: PhaseName, start: Instant) {
        let mut from = start;
        let inner = self.spans.iter().position(|span| span.start >= start).unwrap_or(self.spans.len());
        for i in inner..self.spans.len() {
            let Span { start, end, .. } = self.spans[i];
            self.spans.push(Span { phase, start: from, end: start });
            from = end;
        }
        self.end(phase, from);
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
        for (sum, bytes) in self.bytes.iter_mut().zip(other.bytes) {
            *sum += bytes;
        }
    }

    /// One row a phase.
    pub fn summary(&self) -> Vec<Phase> {
        let mut spans = self.spans.clone();
        spans.sort_by_key(|span| span.start);
        NAMES
            .iter()
            .enumerate()
            .map(|(i, name)| {
                let (mut wall, mut busy) = (0.0, 0.0);
                let mut covered_until: Option<Instant> = None;
                for span in spans.iter().filter(|span| span.phase as usize == i) {
                    busy += (span.end - span.start).as_secs_f64();
                    let from = covered_until.map_or(span.start, |until| until.max(span.start));
                    wall += span.end.saturating_duration_since(from).as_secs_f64();
                    covered_until = Some(covered_until.map_or(span.end, |until| until.max(span.end)));
                }
                Phase { name, wall_seconds: wall, busy_seconds: busy, bytes: self.bytes[i] }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

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
            bytes: [0; 7],
        };
        let summary = log.summary();
        assert_eq!((summary[0].wall_seconds, summary[0].busy_seconds), (7.0, 9.0));
        assert_eq!((summary[1].wall_seconds, summary[1].busy_seconds), (1.0, 1.0));
    }

    #[test]
    fn a_phase_around_others_counts_only_its_own_time() {
        let start = Instant::now();
        let mut log = PhaseLog::default();
        std::thread::sleep(Duration::from_millis(2));
        let inner = Instant::now();
        std::thread::sleep(Duration::from_millis(2));
        log.end(PhaseName::Spill, inner);
        log.end_around(PhaseName::Map, start);
        let total = start.elapsed().as_secs_f64();
        let summary = log.summary();
        let sum: f64 = summary.iter().map(|phase| phase.busy_seconds).sum();
        assert!(sum <= total && summary[2].busy_seconds >= 0.002 && summary[0].busy_seconds >= 0.002);
    }
}
