//! Phases of a task: a log of spans for each attempt, summed as the attempts succeed.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::observe::activity::{Activity, Reading, Usage};
use crate::observe::purpose::{of_files, of_pipes};
use crate::observe::report::{DriverSpan, Phase};
use crate::observe::time_use::TimeUse;

/// The phases, in the order of the data flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhaseName {
    /// The driver's work before a wave of map tasks: opening stores, listing files, cutting them into splits, and the
    /// program's own code.
    Prepare,
    /// Looks at the input beforehand: samples for ranges of keys, the first rows of tables.
    Sample,
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
    /// The driver's work after the last wave: giving memory and files back.
    Finish,
}

const PHASES: [PhaseName; 10] = [
    PhaseName::Prepare,
    PhaseName::Sample,
    PhaseName::Map,
    PhaseName::Sort,
    PhaseName::Spill,
    PhaseName::Merge,
    PhaseName::Shuffle,
    PhaseName::Reduce,
    PhaseName::Commit,
    PhaseName::Finish,
];
const NAMES: [&str; PHASES.len()] =
    ["prepare", "sample", "map", "sort", "spill", "merge", "shuffle", "reduce", "commit", "finish"];

impl PhaseName {
    /// The activity that computing in the phase mostly consists of.
    fn usual(self) -> Activity {
        match self {
            PhaseName::Map | PhaseName::Reduce => Activity::User,
            PhaseName::Sort => Activity::Sort,
            PhaseName::Spill => Activity::Encode,
            PhaseName::Merge => Activity::Merge,
            PhaseName::Sample => Activity::Parse,
            PhaseName::Prepare | PhaseName::Shuffle | PhaseName::Commit | PhaseName::Finish => Activity::Other,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Span {
    phase: PhaseName,
    start: Instant,
    end: Instant,
}

/// The times during which at least one task was in a phase. The stretches of many tasks overlap and merge into a few;
/// where they do not, those with the shortest pauses between them are joined, and the pauses are deducted.
#[derive(Clone, Debug, Default)]
struct Cover {
    /// Sorted and disjoint up to `sorted`; after that, in the order of arrival.
    stretches: Vec<(Instant, Instant)>,
    sorted: usize,
    pauses: Duration,
}

/// Most stretches that are kept of a phase.
const MOST_STRETCHES: usize = 4_096;

impl Cover {
    fn add(&mut self, start: Instant, end: Instant) {
        self.stretches.push((start, end));
        if self.stretches.len() - self.sorted >= MOST_STRETCHES {
            self.tidy();
            if self.sorted > MOST_STRETCHES {
                self.join_nearest();
            }
        }
    }

    /// Brings the stretches in order and joins those that touch.
    fn tidy(&mut self) {
        self.stretches.sort_unstable();
        self.stretches.dedup_by(|next, before| {
            let touches = next.0 <= before.1;
            if touches {
                before.1 = before.1.max(next.1);
            }
            touches
        });
        self.sorted = self.stretches.len();
    }

    /// Joins half of the stretches with their neighbours.
    fn join_nearest(&mut self) {
        let mut pauses: Vec<Duration> = self.stretches.windows(2).map(|pair| pair[1].0 - pair[0].1).collect();
        let middle = pauses.len() / 2;
        let (_, longest, _) = pauses.select_nth_unstable(middle);
        let longest = *longest;
        self.stretches.dedup_by(|next, before| {
            let pause = next.0 - before.1;
            if pause <= longest {
                self.pauses += pause;
                before.1 = next.1;
            }
            pause <= longest
        });
        self.sorted = self.stretches.len();
    }

    fn append(&mut self, other: Cover) {
        self.pauses += other.pauses;
        other.stretches.into_iter().for_each(|(start, end)| self.add(start, end));
    }

    fn wall(mut self) -> Duration {
        self.tidy();
        let covered: Duration = self.stretches.iter().map(|(start, end)| *end - *start).sum();
        covered.saturating_sub(self.pauses)
    }
}

/// The spans of one task attempt, and the sums of others that were [appended](Self::append). Spans of one task do not overlap:
/// what happens inside another phase's span (a spill while mapping) is cut out of it, however deep it lies.
#[derive(Clone, Debug, Default)]
pub struct PhaseLog {
    spans: Vec<Span>,
    covers: [Cover; NAMES.len()],
    used: [Usage; NAMES.len()],
    /// Of that, by other threads than the task's.
    beside: Usage,
    bytes: [u64; NAMES.len()],
    records: [u64; NAMES.len()],
}

/// What another thread did for a task.
#[derive(Clone, Copy, Debug)]
pub struct Beside {
    pub start: Instant,
    pub end: Instant,
    pub used: Usage,
}

/// What other threads that are over did for a task.
pub type BesideTask = Arc<Mutex<Vec<Beside>>>;

/// The beginning of a phase.
#[derive(Clone, Copy, Debug)]
pub struct PhaseStart {
    reading: Reading,
    /// Spans that were logged before.
    spans: usize,
    used: Usage,
}

impl PhaseLog {
    /// Marks the beginning of a phase of this thread.
    pub fn begin(&self) -> PhaseStart {
        self.begin_at(Reading::now())
    }

    /// Marks the beginning of a phase at a reading of this thread's clock.
    pub fn begin_at(&self, reading: Reading) -> PhaseStart {
        PhaseStart { reading, spans: self.spans.len(), used: self.used() }
    }

    /// Logs that the thread was in `phase` since `start`, except during phases that were logged meanwhile.
    pub fn end(&mut self, phase: PhaseName, start: PhaseStart) {
        self.end_at(phase, start, &Reading::now());
    }

    /// Logs the end of a phase at a reading of this thread's clock.
    pub fn end_at(&mut self, phase: PhaseName, start: PhaseStart, end: &Reading) {
        self.used[phase as usize] += end.since(&start.reading) - (self.used() - start.used);
        let mut inside = self.spans.get(start.spans..).unwrap_or_default().to_vec();
        inside.sort_unstable_by_key(|span| span.start);
        let mut from = start.reading.at;
        for Span { start, end, .. } in inside {
            if from < start {
                self.spans.push(Span { phase, start: from, end: start });
            }
            from = from.max(end);
        }
        if from < end.at {
            self.spans.push(Span { phase, start: from, end: end.at });
        }
    }

    /// Over all phases, by the task's thread.
    fn used(&self) -> Usage {
        let all = self.used.iter().fold(Usage::default(), |mut sum, used| {
            sum += *used;
            sum
        });
        all - self.beside
    }

    /// Adds what another thread did in `phase`.
    pub fn add_beside(&mut self, phase: PhaseName, Beside { start, end, used }: &Beside) {
        self.covers[phase as usize].add(*start, *end);
        self.used[phase as usize] += *used;
        self.beside += *used;
    }

    /// What other threads than those of tasks did.
    pub fn beside(&self) -> Usage {
        self.beside
    }

    /// Adds to the records that went through `phase`, and to their bytes.
    pub fn count(&mut self, phase: PhaseName, records: u64, bytes: u64) {
        self.records[phase as usize] += records;
        self.bytes[phase as usize] += bytes;
    }

    /// Bytes that went through `phase`.
    pub fn bytes(&self, phase: PhaseName) -> u64 {
        self.bytes[phase as usize]
    }

    /// Adds the log of what this thread did within the phase that it is in.
    pub fn nest(&mut self, mut inner: PhaseLog) {
        self.spans.append(&mut inner.spans);
        self.append(inner);
    }

    /// Adds another log, of which only sums remain.
    pub fn append(&mut self, other: PhaseLog) {
        for Span { phase, start, end } in other.spans {
            self.covers[phase as usize].add(start, end);
        }
        self.covers.iter_mut().zip(other.covers).for_each(|(cover, other)| cover.append(other));
        self.used.iter_mut().zip(other.used).for_each(|(sum, used)| *sum += used);
        self.beside += other.beside;
        self.bytes.iter_mut().zip(other.bytes).for_each(|(sum, bytes)| *sum += bytes);
        self.records.iter_mut().zip(other.records).for_each(|(sum, records)| *sum += records);
    }

    /// One row a phase.
    pub fn summary(&self) -> Vec<Phase> {
        let mut all = PhaseLog::default();
        all.append(self.clone());
        let rows = PHASES.into_iter().zip(NAMES).zip(all.covers);
        let row = |((phase, name), cover): ((PhaseName, &'static str), Cover)| {
            let used = &self.used[phase as usize];
            let time = TimeUse::of(used, phase.usual());
            let (file_bytes_read, file_bytes_written) = of_files(&used.file_bytes);
            Phase {
                name: name.into(),
                wall_seconds: cover.wall().as_secs_f64(),
                busy_seconds: time.busy(),
                cpu_seconds: time.cpu.total(),
                bytes: self.bytes[phase as usize],
                records: self.records[phase as usize],
                file_bytes_read,
                file_bytes_written,
                pipe_bytes: of_pipes(&used.file_bytes),
                time,
            }
        };
        rows.map(row).collect()
    }

    /// The spans of this thread in order of their starts, in seconds from `epoch`.
    pub fn spans(&self, epoch: Instant) -> Vec<DriverSpan> {
        let seconds = |at: Instant| at.saturating_duration_since(epoch).as_secs_f64();
        let span = |span: &Span| DriverSpan {
            phase: NAMES[span.phase as usize].into(),
            start_seconds: seconds(span.start),
            end_seconds: seconds(span.end),
        };
        let mut in_order = self.spans.clone();
        in_order.sort_unstable_by_key(|span| span.start);
        in_order.iter().map(span).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::activity::file_call;
    use crate::observe::purpose::{FileUse, Purpose};

    #[test]
    fn wall_is_the_union_of_spans() {
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
        let of = |phase: PhaseName| log.summary()[phase as usize].wall_seconds;
        assert_eq!((of(PhaseName::Map), of(PhaseName::Sort)), (7.0, 1.0));
    }

    #[test]
    fn of_a_million_tasks_a_few_stretches_remain_and_their_sums_are_right() {
        let t = Instant::now();
        let at = |micros| t + Duration::from_micros(micros);
        // Two workers whose tasks overlap, then one whose tasks have pauses of all lengths between them.
        let overlapping = |i: u64| (at(10 * i), at(10 * i + 15));
        let apart = |i: u64| (at(3_000_000 + 100 * i + i % 7), at(3_000_000 + 100 * i + 50));
        let (mut log, mut apart_wall) = (PhaseLog::default(), Duration::ZERO);
        for i in 0..50_000 {
            let (start, end) = apart(i);
            apart_wall += end - start;
            for (start, end) in [overlapping(i), (start, end)] {
                let spans = vec![Span { phase: PhaseName::Map, start, end }];
                log.append(PhaseLog { spans, ..PhaseLog::default() });
            }
        }
        let kept = log.covers[PhaseName::Map as usize].stretches.capacity();
        assert!(log.spans.is_empty() && kept <= 4 * MOST_STRETCHES, "{kept}");
        let row = &log.summary()[PhaseName::Map as usize];
        let wall = (apart_wall + Duration::from_micros(10 * 49_999 + 15)).as_secs_f64();
        assert!((row.wall_seconds - wall).abs() < 1e-6, "{} {wall}", row.wall_seconds);
    }

    #[test]
    fn a_phase_around_others_counts_only_its_own_time() {
        let began = Instant::now();
        let mut log = PhaseLog::default();
        let start = log.begin();
        let pause = || file_call(FileUse::writes(Purpose::Spill), || std::thread::sleep(Duration::from_millis(2)));
        pause();
        let inner = log.begin();
        pause();
        log.end(PhaseName::Spill, inner);
        log.end(PhaseName::Map, start);
        let total = began.elapsed().as_secs_f64();
        let summary = log.summary();
        let sum: f64 = summary.iter().map(|phase| phase.busy_seconds).sum();
        let rows = [PhaseName::Map, PhaseName::Spill].map(|phase| &summary[phase as usize]);
        assert!(sum <= total && rows.iter().all(|row| row.busy_seconds >= 0.002), "{rows:?}");
        let waited = rows.map(|row| row.time.wait.write_intermediate);
        assert!(waited.iter().all(|waited| *waited >= 0.002) && waited.iter().sum::<f64>() <= total, "{waited:?}");
    }

    #[test]
    fn phases_within_phases_within_phases_count_once() {
        let mut log = PhaseLog::default();
        let nap = || std::thread::sleep(Duration::from_millis(2));
        let outer = log.begin();
        nap();
        let middle = log.begin();
        nap();
        let inner = log.begin();
        nap();
        log.end(PhaseName::Merge, inner);
        nap();
        // Another log of the same thread, as that of a reducer that gathers.
        let mut apart = PhaseLog::default();
        let sorting = apart.begin();
        nap();
        apart.end(PhaseName::Sort, sorting);
        log.nest(apart);
        log.end(PhaseName::Spill, middle);
        let took = outer.reading.at.elapsed().as_secs_f64();
        log.end(PhaseName::Map, outer);
        let wall: f64 = log.summary().iter().map(|phase| phase.wall_seconds).sum();
        assert!((wall - took).abs() < 0.001, "{wall} s of {took} s");
        let spans = log.spans(outer.reading.at);
        assert!(spans.windows(2).all(|pair| pair[0].end_seconds <= pair[1].start_seconds), "{spans:?}");
        let names: Vec<_> = spans.iter().map(|span| &*span.phase).collect();
        assert_eq!(names, ["map", "spill", "merge", "spill", "sort", "spill", "map"]);
    }
}
