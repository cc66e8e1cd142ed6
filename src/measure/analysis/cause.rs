//! The cause of a difference in time, found by arithmetic on what the runs of two columns measured.
//!
//! 1. The [`Expenses`] of each run say how much of its wall time went to parsing, to waiting for the disk, to sorting and so on.
//! 2. A [`Mechanism`] is a thing that one column did more of, by its counts: bytes parsed, bytes in files, records sorted,
//!    attempts made again. It explains the seconds by which its expenses differ. The same work that took longer is no
//!    mechanism, since nothing that was counted says why.
//! 3. The difference of the medians is put down to the mechanism that explains most of it, and to a second one where the
//!    first leaves much to explain. Where the two together explain less than half, it is [`Mechanism::Unexplained`].
//!
//! ```text
//! disk    12.3 s   parsing  8.4 s   keeping runs 0.2 s   waiting for the disk 0.3 s     3,200 MB parsed
//! memory   3.6 s   parsing  0.5 s   keeping runs 0.1 s   waiting for the disk 0         160 MB parsed
//!          ─────            ─────                ─────                        ─────
//!          8.7 s            7.9 s                0.1 s                        0.3 s   ─▶ parsed 20 times: 7.9 of the 8.7 s
//! ```
//!
//! A processor that others use stretches all computing. So computing counts with the mean stretch of both columns, and the
//! difference of the stretches is a mechanism of its own, [`Mechanism::WaitedForProcessor`].
//!
//! Programs that keep no such accounts (the reference, other programs) are compared by what the system knows of them: the
//! time to start, processor time, and how many processors were busy on average.

use std::collections::HashSet;

use serde::Serialize;

use crate::config::{Factors, Invariant, Medium};
use crate::measure::comparison::Comparison;
use crate::measure::expenses::{Expense, Expenses};
use crate::measure::run::Run;
use crate::measure::statistics::median;
use crate::observe::counters::Counters;
use crate::observe::report::{Outcome, Report};

/// Least ratio of two counts that says that there was more work.
const MORE: f64 = 1.05;
/// Part of the difference that the causes must explain together.
const ENOUGH: f64 = 0.5;
/// Part of the difference from which on one cause is enough.
const NEARLY_ALL: f64 = 0.8;
/// Least part of the difference for which a second cause is named, or that is worth telling where it is left.
pub const WORTH_NAMING: f64 = 0.15;

/// Standard deviations by which a rank sum is above that of equal columns, where one of them clearly has more: of three runs
/// each, one pair may be the other way.
const CLEARLY: f64 = 1.5;

/// The reason why one column took longer than another.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The column with the longer median.
    pub slower: String,
    /// The other.
    pub faster: String,
    /// Difference of the medians.
    pub gap_seconds: f64,
    /// Whether those are of whole times, start-up and loading included.
    pub of_whole: bool,
    /// One or two, the one that explains most first.
    pub causes: Vec<Cause>,
}

/// A mechanism, and its part in a difference of two times.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cause {
    /// The mechanism, with the figures that it is seen in.
    #[serde(flatten)]
    pub mechanism: Mechanism,
    /// Wall time that it explains, within the difference.
    pub seconds: f64,
    /// Its part of the difference, from 0 to 1.
    pub share: f64,
}

/// A cause in a comparison's report.
#[derive(Clone, Debug, Serialize)]
pub struct CauseEntry {
    slower: String,
    faster: String,
    gap_seconds: f64,
    #[serde(flatten)]
    cause: Cause,
}

/// A thing that the slower of two columns did more of.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", content = "evidence", rename_all = "snake_case")]
pub enum Mechanism {
    /// It read and parsed more input.
    ParsedInput {
        /// Bytes of the input; the other figures are multiples of it.
        input_bytes: f64,
        /// Times that the slower one read it.
        slower_times: f64,
        /// Times that the faster one read it.
        faster_times: f64,
        /// Bytes that it read from intermediate files beyond those that it wrote: a loop's data, which each iteration parses
        /// again.
        read_again_bytes: f64,
    },
    /// It waited for the disk.
    WaitedForDisk {
        /// Time that its workers waited, all together.
        waited_seconds: f64,
        /// Bytes that it wrote to intermediate files.
        file_bytes_written: f64,
        /// Bytes that it read from them.
        file_bytes_read: f64,
        /// The disk that was emulated, if any.
        emulated: Option<String>,
    },
    /// It wrote runs to files, read them back, to merge them or to parse what a loop reads again, and deleted them.
    UsedFiles {
        /// Bytes that it wrote to intermediate files.
        bytes_written: f64,
        /// Bytes that it read from them.
        bytes_read: f64,
        /// Bytes that the faster one wrote.
        faster_bytes_written: f64,
    },
    /// It kept runs in memory of its own, which the system must clear first.
    KeptInMemory {
        /// Bytes of map outputs in memory.
        bytes: f64,
    },
    /// It merged runs in more passes.
    Merged {
        /// Times that a byte of its map outputs was written by merges before the last one.
        passes: f64,
        /// The same of the faster one.
        faster_passes: f64,
        /// Bytes that its merges wrote.
        bytes: f64,
    },
    /// It sorted more.
    Sorted {
        /// Bytes that it sorted.
        bytes: f64,
        /// Bytes that the faster one sorted.
        faster_bytes: f64,
    },
    /// Its memory did not hold what it was to keep.
    LackedMemory {
        /// Its budget.
        budget_bytes: u64,
        /// Bytes that went to files.
        file_bytes_written: f64,
        /// Times that it read the input, which it was to parse once; 0 where it kept none.
        parsed_times: f64,
    },
    /// Failures made it do work again.
    Recovered {
        /// Attempts whose work was lost, or made good what was lost.
        attempts: f64,
        /// Time of workers that they took.
        worker_seconds: f64,
    },
    /// Its workers slept, in the job's own code or for an injected fault.
    Slept {
        /// Time of workers.
        worker_seconds: f64,
    },
    /// Its workers waited for a processor.
    WaitedForProcessor {
        /// Time that its computing took over its processor time.
        stretch: f64,
        /// The same of the faster one.
        faster_stretch: f64,
    },
    /// An engine had no task of it running: it started and ended containers.
    RanNoTask {
        /// Time without a task, from the start of the engine on.
        seconds: f64,
        /// The same of the faster one.
        faster_seconds: f64,
    },
    /// It took longer to start.
    StartedUp {
        /// Time before its first read, and after its last write.
        startup_seconds: f64,
        /// The same of the faster one.
        faster_startup_seconds: f64,
    },
    /// It took longer to take the input into tables of its own.
    Loaded {
        /// Time of that.
        load_seconds: f64,
        /// The same of the faster one.
        faster_load_seconds: f64,
    },
    /// It took more processor time.
    ComputedMore {
        /// Processor time.
        cpu_seconds: f64,
        /// The same of the faster one.
        faster_cpu_seconds: f64,
    },
    /// It kept fewer processors busy.
    UsedFewerProcessors {
        /// Processors that were busy on average.
        processors: f64,
        /// The same of the faster one.
        faster_processors: f64,
    },
    /// What was counted does not explain the difference.
    Unexplained {
        /// Time that all mechanisms together explain.
        explained_seconds: f64,
    },
}

/// A part of an expense, from 0 to 1.
type Part = (Expense, f64);

/// A mechanism, and the wall time that it explains.
struct Candidate {
    mechanism: Mechanism,
    seconds: f64,
}

impl Explanation {
    /// Explains why the variant `slower` took longer than `faster` in the rounds in which both ran; `None` where there are
    /// none, or their runs do not tell.
    pub fn of(comparison: &Comparison, slower: &str, faster: &str) -> Option<Self> {
        let in_rounds_of = |name, other| {
            let rounds: HashSet<u32> = comparison.runs_of(other).map(|run| run.round).collect();
            comparison.runs_of(name).filter(|run| rounds.contains(&run.round)).collect::<Vec<_>>()
        };
        let (slow_runs, fast_runs) = (in_rounds_of(slower, faster), in_rounds_of(faster, slower));
        let (slow_first, fast_first) = (slow_runs.first()?, fast_runs.first()?);
        let are_apart = |runs: &[&Run]| runs.iter().any(|run| run.report.engine.is_some());
        if are_apart(&slow_runs) || are_apart(&fast_runs) {
            let gap_seconds = seconds_of(&slow_runs)? - seconds_of(&fast_runs)?;
            return Explanation::by(without_tasks(&slow_runs, &fast_runs), gap_seconds, slower, faster);
        }
        if slow_first.report.factors.is_none() || fast_first.report.factors.is_none() {
            return Program::of_runs(&slow_runs)?.explain(slower, &Program::of_runs(&fast_runs)?, faster);
        }
        let gap_seconds = seconds_of(&slow_runs)? - seconds_of(&fast_runs)?;
        let (slow, fast) = (Side::of(comparison, &slow_runs)?, Side::of(comparison, &fast_runs)?);
        Explanation::by(slow.mechanisms_against(&fast), gap_seconds, slower, faster)
    }

    fn by(candidates: Vec<Candidate>, gap_seconds: f64, slower: &str, faster: &str) -> Option<Self> {
        let explanation = || Explanation {
            slower: slower.to_owned(),
            faster: faster.to_owned(),
            gap_seconds,
            of_whole: false,
            causes: choose(candidates, gap_seconds),
        };
        (gap_seconds > 0.0).then(explanation)
    }

    /// The entries of the report.
    pub fn entries(&self) -> impl Iterator<Item = CauseEntry> {
        let entry = |cause: &Cause| CauseEntry {
            slower: self.slower.clone(),
            faster: self.faster.clone(),
            gap_seconds: self.gap_seconds,
            cause: cause.clone(),
        };
        self.causes.iter().map(entry)
    }
}

/// The one or two mechanisms that explain most of `gap` seconds.
fn choose(mut candidates: Vec<Candidate>, gap: f64) -> Vec<Cause> {
    candidates.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
    let explained_seconds: f64 = candidates.iter().map(|candidate| candidate.seconds).sum();
    let mut causes: Vec<Cause> = Vec::new();
    let mut left = gap;
    for Candidate { mechanism, seconds } in candidates.into_iter().take(2) {
        let (seconds, named) = (seconds.min(left), !causes.is_empty());
        if named && (gap - left >= NEARLY_ALL * gap || seconds < WORTH_NAMING * gap) {
            break;
        }
        causes.push(Cause { mechanism, seconds, share: seconds / gap });
        left -= seconds;
    }
    if gap - left >= ENOUGH * gap {
        return causes;
    }
    let mechanism = Mechanism::Unexplained { explained_seconds };
    vec![Cause {
        mechanism,
        seconds: gap - explained_seconds.min(gap),
        share: 1.0 - (explained_seconds / gap).min(1.0),
    }]
}

fn seconds_of(runs: &[&Run]) -> Option<f64> {
    (!runs.is_empty()).then(|| median(runs.iter().map(|run| run.report.wall_seconds)))
}

/// What is known of tasks that ran apart: when there were none.
fn without_tasks(slow: &[&Run], fast: &[&Run]) -> Vec<Candidate> {
    let of = |runs: &[&Run]| runs.iter().map(|run| run.seconds_without_task()).collect::<Vec<_>>();
    if !is_clearly_more(&of(slow), &of(fast)) {
        return Vec::new();
    }
    let (seconds, faster_seconds) = (median(of(slow)), median(of(fast)));
    vec![Candidate { mechanism: Mechanism::RanNoTask { seconds, faster_seconds }, seconds: seconds - faster_seconds }]
}

/// A column of the framework: the medians of what its runs counted, and the expenses of each.
struct Side {
    factors: Factors,
    expenses: Vec<Expenses>,
    /// Bytes of the input, read once.
    input_bytes: f64,
    read_bytes: f64,
    file_bytes_written: f64,
    file_bytes_read: f64,
    kept_bytes: f64,
    map_output_bytes: f64,
    merged_bytes: f64,
    sorted_bytes: f64,
    disk_wait_seconds: f64,
    asleep_seconds: f64,
    overflowed_bytes: f64,
    lost_attempts: f64,
    lost_seconds: f64,
    budget_bytes: u64,
    emulated: Option<String>,
}

impl Side {
    /// `None` where there are no runs, or they keep no accounts.
    fn of(comparison: &Comparison, runs: &[&Run]) -> Option<Self> {
        let first = runs.first()?;
        let expenses = runs.iter().map(|run| Expenses::of(&run.report)).collect::<Option<Vec<_>>>()?;
        let of = |value: &dyn Fn(&Report) -> f64| median(runs.iter().map(|run| value(&run.report)));
        let counted = |value: fn(&Counters) -> u64| of(&|report| value(&report.counters) as f64);
        let through = |phase: &str| {
            of(&|report| report.phases.iter().find(|other| other.name == phase).map_or(0.0, |phase| phase.bytes as f64))
        };
        let own_budget = comparison.variants().into_iter().find(|variant| variant.name == first.variant)?.memory_bytes;
        let factors = first.report.factors?;
        let materialized = counted(|counters| counters.map_output_materialized_bytes);
        Some(Side {
            factors,
            expenses,
            input_bytes: comparison.settings.input_bytes as f64,
            read_bytes: of(&|report| report.input_bytes as f64),
            file_bytes_written: counted(|counters| counters.file_bytes_written),
            file_bytes_read: counted(|counters| counters.file_bytes_read),
            kept_bytes: if factors.map_output == Medium::Memory { materialized } else { 0.0 },
            map_output_bytes: materialized,
            merged_bytes: through("merge"),
            sorted_bytes: through("sort"),
            disk_wait_seconds: of(&|report| report.time.map_or(0.0, |time| time.disk_wait())),
            asleep_seconds: of(&|report| report.time.map_or(0.0, |time| time.wait.asleep)),
            overflowed_bytes: of(&|report| report.extra_work.overflowed_bytes as f64),
            lost_attempts: of(&|report| report.recoveries.len() as f64),
            lost_seconds: of(&|report| lost_seconds(report)),
            budget_bytes: own_budget.unwrap_or(comparison.settings.memory_bytes),
            emulated: first.report.disk_profile.as_ref().map(ToString::to_string),
        })
    }

    /// The mechanisms that make this one slower than the other, each with the time that it explains.
    fn mechanisms_against(&self, fast: &Side) -> Vec<Candidate> {
        let (uses_files, parses) = (self.uses_more_files(fast), more(self.read_bytes, fast.read_bytes));
        let overflows = self.keeps_runs_in_memory() || more(self.overflowed_bytes, fast.overflowed_bytes);
        let (spills, parses_again) = (uses_files && overflows, parses && self.keeps_input());
        // Map outputs in files need one merge of the spills of a map task.
        let needed_bytes = if uses_files { self.map_output_bytes } else { 0.0 };
        let merges = more(self.merged_bytes, fast.merged_bytes + needed_bytes);
        let by_merges = if merges { self.part_written_by_merges(fast) } else { 0.0 };
        let share = |is_part: bool| if is_part { 1.0 } else { 0.0 };
        let kept = Mechanism::KeptInMemory { bytes: self.kept_bytes };
        let sorted = Mechanism::Sorted { bytes: self.sorted_bytes, faster_bytes: fast.sorted_bytes };
        let slept = Mechanism::Slept { worker_seconds: self.asleep_seconds };
        let candidates: [(bool, Mechanism, &[Part]); 9] = [
            (
                spills || parses_again,
                self.lacked_memory(parses_again),
                &[
                    (Expense::Keeping, share(spills)),
                    (Expense::Merging, share(spills)),
                    (Expense::DiskWait, share(spills)),
                    (Expense::Removing, share(spills)),
                    (Expense::Parsing, share(parses_again)),
                ],
            ),
            (parses && !parses_again, self.parsed_input(fast), &[(Expense::Parsing, 1.0)]),
            (!spills, self.waited_for_disk(), &[(Expense::DiskWait, 1.0)]),
            // Out of files, merging takes longer in the same number of passes, and a loop parses its blocks again.
            (
                uses_files && !spills,
                self.used_files(fast),
                &[
                    (Expense::Keeping, 1.0 - by_merges),
                    (Expense::Merging, share(!merges)),
                    (Expense::Parsing, share(!parses)),
                    (Expense::Removing, 1.0),
                ],
            ),
            (more(self.kept_bytes, fast.kept_bytes), kept, &[(Expense::Keeping, 1.0)]),
            (merges && !spills, self.merged(fast), &[(Expense::Merging, 1.0), (Expense::Keeping, by_merges)]),
            (more(self.sorted_bytes, fast.sorted_bytes), sorted, &[(Expense::Sorting, 1.0)]),
            (self.lost_seconds > fast.lost_seconds, self.recovered(), &[(Expense::Recovering, 1.0)]),
            (true, slept, &[(Expense::Sleeping, 1.0)]),
        ];
        let explained = |(is_seen, mechanism, expenses): (bool, Mechanism, &[Part])| {
            let seconds = is_seen.then(|| self.seconds_against(fast, expenses))??;
            Some(Candidate { mechanism, seconds })
        };
        let mut candidates: Vec<Candidate> = candidates.into_iter().filter_map(explained).collect();
        candidates.extend(self.waited_for_processor(fast));
        candidates
    }

    /// The part of what it wrote more that merges wrote, beyond the one that files need.
    fn part_written_by_merges(&self, fast: &Side) -> f64 {
        let by_merges = self.merged_bytes - fast.merged_bytes - self.map_output_bytes;
        (by_merges / (self.file_bytes_written - fast.file_bytes_written).max(1.0)).clamp(0.0, 1.0)
    }

    /// Wall time by which these parts of expenses exceed the other's; `None` where that may be noise.
    fn seconds_against(&self, fast: &Side, expenses: &[Part]) -> Option<f64> {
        let sum = |run: &Expenses| expenses.iter().map(|(expense, part)| part * run.get(*expense)).sum::<f64>();
        let [slow_sums, fast_sums] = [self, fast].map(|side| side.expenses.iter().map(sum).collect::<Vec<_>>());
        if !is_clearly_more(&slow_sums, &fast_sums) {
            return None;
        }
        let stretch = (self.stretch() + fast.stretch()) / 2.0;
        let seconds = |(expense, part): &Part| {
            let of = |side: &Side| median(side.expenses.iter().map(|run| run.get(*expense)));
            part * (of(self) - of(fast)) * if expense.is_computing() { stretch } else { 1.0 }
        };
        Some(expenses.iter().map(seconds).sum()).filter(|seconds| *seconds > 0.0)
    }

    fn stretch(&self) -> f64 {
        median(self.expenses.iter().map(|run| run.stretch))
    }

    fn waited_for_processor(&self, fast: &Side) -> Option<Candidate> {
        let stretches = |side: &Side| side.expenses.iter().map(|run| run.stretch).collect::<Vec<_>>();
        if !is_clearly_more(&stretches(self), &stretches(fast)) {
            return None;
        }
        let (stretch, faster_stretch) = (self.stretch(), fast.stretch());
        let computing = |side: &Side| median(side.expenses.iter().map(|run| run.get(Expense::Computing)));
        let seconds = (computing(self) + computing(fast)) / 2.0 * (stretch - faster_stretch);
        Some(Candidate { mechanism: Mechanism::WaitedForProcessor { stretch, faster_stretch }, seconds })
    }

    fn uses_more_files(&self, fast: &Side) -> bool {
        more(self.file_bytes_written + self.file_bytes_read, fast.file_bytes_written + fast.file_bytes_read)
    }

    fn keeps_runs_in_memory(&self) -> bool {
        self.factors.map_output == Medium::Memory && self.factors.between_jobs == Medium::Memory
    }

    fn keeps_input(&self) -> bool {
        self.factors.invariant == Invariant::Cached
    }

    /// Bytes of the input; of runs that were made one by one, the least that is known to be the input.
    fn times_read(&self, fast: &Side) -> (f64, f64, f64) {
        let known = self.input_bytes > 0.0 && self.input_bytes <= fast.read_bytes * MORE;
        let input_bytes = if known { self.input_bytes } else { fast.read_bytes.max(1.0) };
        (input_bytes, self.read_bytes / input_bytes, fast.read_bytes / input_bytes)
    }

    fn parsed_input(&self, fast: &Side) -> Mechanism {
        let (input_bytes, slower_times, faster_times) = self.times_read(fast);
        let read_again_bytes = (self.file_bytes_read - self.file_bytes_written).max(0.0);
        Mechanism::ParsedInput { input_bytes, slower_times, faster_times, read_again_bytes }
    }

    fn waited_for_disk(&self) -> Mechanism {
        Mechanism::WaitedForDisk {
            waited_seconds: self.disk_wait_seconds,
            file_bytes_written: self.file_bytes_written,
            file_bytes_read: self.file_bytes_read,
            emulated: self.emulated.clone(),
        }
    }

    fn used_files(&self, fast: &Side) -> Mechanism {
        Mechanism::UsedFiles {
            bytes_written: self.file_bytes_written,
            bytes_read: self.file_bytes_read,
            faster_bytes_written: fast.file_bytes_written,
        }
    }

    fn merged(&self, fast: &Side) -> Mechanism {
        Mechanism::Merged { passes: self.passes(), faster_passes: fast.passes(), bytes: self.merged_bytes }
    }

    fn passes(&self) -> f64 {
        self.merged_bytes / self.map_output_bytes.max(1.0)
    }

    fn lacked_memory(&self, parses_again: bool) -> Mechanism {
        Mechanism::LackedMemory {
            budget_bytes: self.budget_bytes,
            file_bytes_written: self.file_bytes_written,
            parsed_times: if parses_again { self.read_bytes / self.input_bytes.max(1.0) } else { 0.0 },
        }
    }

    fn recovered(&self) -> Mechanism {
        Mechanism::Recovered { attempts: self.lost_attempts, worker_seconds: self.lost_seconds }
    }
}

/// Time of workers that failures cost: attempts that failed, and map outputs that were made again.
fn lost_seconds(report: &Report) -> f64 {
    let failed = report.tasks.iter().filter(|task| task.outcome == Outcome::Failed);
    let failed: f64 = failed.map(|task| task.end_seconds - task.start_seconds).sum();
    failed.max(report.recoveries.iter().map(|recovery| recovery.seconds_lost).sum())
}

/// A program of which only the system's figures are known: medians over its runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Program {
    /// Time before its first read, and after its last write.
    pub startup_seconds: f64,
    /// Time in which it took the input into tables of its own.
    pub load_seconds: f64,
    /// The rest.
    pub work_seconds: f64,
    /// Processor time of all three.
    pub cpu_seconds: f64,
}

impl Program {
    /// Runs of twinmill, whose own clock begins when they have started.
    fn of_runs(runs: &[&Run]) -> Option<Self> {
        let cpu_seconds = median(runs.iter().map(|run| run.report.cpu_seconds));
        Some(Program { startup_seconds: 0.0, load_seconds: 0.0, work_seconds: seconds_of(runs)?, cpu_seconds })
    }

    /// Explains why this one, `slower`, took longer than the other.
    pub fn explain(&self, slower: &str, fast: &Program, faster: &str) -> Option<Explanation> {
        let before_work = |program: &Program| program.startup_seconds + program.load_seconds;
        let of_whole = before_work(self) + before_work(fast) > 0.0;
        let explanation =
            Explanation::by(self.mechanisms_against(fast), self.seconds() - fast.seconds(), slower, faster)?;
        Some(Explanation { of_whole, ..explanation })
    }

    fn seconds(&self) -> f64 {
        self.startup_seconds + self.load_seconds + self.work_seconds
    }

    /// Processors that were busy on average.
    fn processors(&self) -> f64 {
        (self.cpu_seconds / self.seconds()).max(f64::MIN_POSITIVE)
    }

    /// Work takes processor time over processors. The difference of two such quotients is that of the times, at the mean of
    /// the inverse processors, and that of the inverse processors, at the mean of the times.
    fn mechanisms_against(&self, fast: &Program) -> Vec<Candidate> {
        let started = Mechanism::StartedUp {
            startup_seconds: self.startup_seconds,
            faster_startup_seconds: fast.startup_seconds,
        };
        let loaded = Mechanism::Loaded { load_seconds: self.load_seconds, faster_load_seconds: fast.load_seconds };
        let computed = Mechanism::ComputedMore { cpu_seconds: self.cpu_seconds, faster_cpu_seconds: fast.cpu_seconds };
        let used =
            Mechanism::UsedFewerProcessors { processors: self.processors(), faster_processors: fast.processors() };
        let work = |program: &Program| program.work_seconds * program.processors();
        let inverse = |program: &Program| 1.0 / program.processors();
        let candidates = [
            (started, self.startup_seconds - fast.startup_seconds),
            (loaded, self.load_seconds - fast.load_seconds),
            (computed, (work(self) - work(fast)) * (inverse(self) + inverse(fast)) / 2.0),
            (used, (inverse(self) - inverse(fast)) * (work(self) + work(fast)) / 2.0),
        ];
        let positive = candidates.into_iter().filter(|(_, seconds)| *seconds > 0.0);
        positive.map(|(mechanism, seconds)| Candidate { mechanism, seconds }).collect()
    }
}

/// Whether a count is more than another, and not just by the way in which work was divided.
fn more(slow: f64, fast: f64) -> bool {
    slow >= fast + 1.0 && slow > MORE * fast
}

/// Whether values of the runs of one column are more than those of the other, beyond what runs of one column differ by, as
/// the number of pairs tells in which they are (H. B. Mann and D. R. Whitney, *On a test of whether one of two random
/// variables is stochastically larger than the other*, 1947).
fn is_clearly_more(slow: &[f64], fast: &[f64]) -> bool {
    let above = slow.iter().map(|slow| fast.iter().filter(|fast| slow > fast).count()).sum::<usize>() as f64;
    let (m, n) = (slow.len() as f64, fast.len() as f64);
    let deviation = (m * n * (m + n + 1.0) / 12.0).sqrt();
    // All pairs are enough where there are few.
    above >= (m * n / 2.0 + CLEARLY * deviation).min(m * n)
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::measure::comparison::tests::{comparison, run};
    use crate::measure::mode::RunMode;
    use crate::measure::recoveries::tests::recovery;
    use crate::observe::report::{DriverSpan, RecoveryKind, TaskReport};
    use crate::observe::time_use::{Computing, TimeUse, Waiting};

    /// Seconds of each run of a column.
    const ROUNDS: [f64; 3] = [1.0, 1.01, 1.02];

    /// A comparison of disk and memory mode, in which both of two workers compute for 1 s, and do so in either mode what
    /// `more` adds to a run, of which the number of the mode is 0 or 1.
    fn measured(more: impl Fn(usize, &mut TimeUse, &mut Report)) -> Comparison {
        let mut comparison = comparison([&[], &[], &[]]);
        for (number, mode) in [RunMode::Disk, RunMode::Memory].into_iter().enumerate() {
            for (round, noise) in (0..).zip(ROUNDS) {
                let mut run = run(mode, 1.0, "xxh3:1");
                (run.report.counters, run.report.workers) = (Counters::default(), 2);
                let mut time = TimeUse { cpu: Computing { user: noise, ..Computing::default() }, ..TimeUse::default() };
                more(number, &mut time, &mut run.report);
                let seconds = time.cpu.total() + time.disk_wait() + time.wait.processor;
                run.report.tasks.extend((0..2).map(|task| attempt(task, seconds, time)));
                run.report.time = Some(doubled(time));
                let alone: f64 = run.report.driver.iter().map(|span| span.end_seconds - span.start_seconds).sum();
                run.report.wall_seconds = seconds + alone + lost_seconds(&run.report) / 2.0;
                comparison.add(run, mode.name(), round);
            }
        }
        comparison
    }

    fn attempt(task: u32, seconds: f64, time: TimeUse) -> TaskReport {
        TaskReport {
            id: format!("map-{task:05}"),
            attempt: 0,
            outcome: Outcome::Succeeded,
            start_seconds: 0.0,
            end_seconds: seconds,
            records: 1,
            bytes: 1,
            time,
            worker: None,
            host: None,
            error: None,
        }
    }

    /// The time of two workers of which each spent this.
    fn doubled(TimeUse { cpu, wait }: TimeUse) -> TimeUse {
        TimeUse {
            cpu: Computing {
                parse: 2.0 * cpu.parse,
                user: 2.0 * cpu.user,
                encode: 2.0 * cpu.encode,
                merge: 2.0 * cpu.merge,
                sort: 2.0 * cpu.sort,
                ..Computing::default()
            },
            wait: Waiting {
                write_intermediate: 2.0 * wait.write_intermediate,
                processor: 2.0 * wait.processor,
                ..Waiting::default()
            },
        }
    }

    fn explained(comparison: &Comparison) -> Explanation {
        let memory_is_slower = {
            let time = |name| comparison.column_named(name).unwrap().time.median;
            time("memory") > time("disk")
        };
        let (slower, faster) = if memory_is_slower { ("memory", "disk") } else { ("disk", "memory") };
        Explanation::of(comparison, slower, faster).unwrap()
    }

    /// The only cause of a difference, and its seconds.
    fn the_cause(comparison: &Comparison) -> (Mechanism, f64) {
        let causes = explained(comparison).causes;
        assert_eq!(causes.len(), 1, "{causes:?}");
        (causes[0].mechanism.clone(), (causes[0].seconds * 1e6).round() / 1e6)
    }

    #[test]
    fn input_that_was_parsed_again_and_again_is_the_cause() {
        let loops = measured(|mode, time, report| {
            let times = [20, 1][mode];
            time.cpu.parse = 0.1 * times as f64;
            report.input_bytes = times * (256 << 20);
            (report.counters.file_bytes_written, report.counters.file_bytes_read) = [(100, 400), (0, 0)][mode];
        });
        let input_bytes = f64::from(256 << 20);
        let parsed =
            Mechanism::ParsedInput { input_bytes, slower_times: 20.0, faster_times: 1.0, read_again_bytes: 300.0 };
        assert_eq!(the_cause(&loops), (parsed, 1.9));
    }

    #[test]
    fn the_same_work_that_took_longer_is_unexplained() {
        let slower_parsing = measured(|mode, time, _| time.cpu.parse = [2.0, 0.1][mode]);
        assert_eq!(the_cause(&slower_parsing), (Mechanism::Unexplained { explained_seconds: 0.0 }, 1.9));
    }

    #[test]
    fn a_cause_of_less_than_half_of_the_time_explains_nothing() {
        let mixed = measured(|mode, time, report| {
            time.cpu.parse = [0.5, 0.1][mode];
            time.cpu.user += [1.0, 0.0][mode];
            report.input_bytes *= [5, 1][mode];
        });
        let Mechanism::Unexplained { explained_seconds } = the_cause(&mixed).0 else { panic!() };
        assert!((explained_seconds - 0.4).abs() < 1e-9, "{explained_seconds}");
    }

    #[test]
    fn waiting_for_the_disk_and_writing_files_are_two_causes() {
        let files = measured(|mode, time, report| {
            (time.wait.write_intermediate, time.cpu.encode) = ([0.6, 0.0][mode], [0.4, 0.0][mode]);
            report.counters.file_bytes_written = [1 << 20, 0][mode];
        });
        let causes = explained(&files).causes;
        assert!(matches!(causes[0].mechanism, Mechanism::WaitedForDisk { waited_seconds: 1.2, .. }), "{causes:?}");
        assert!(matches!(causes[1].mechanism, Mechanism::UsedFiles { bytes_written: 1048576.0, .. }), "{causes:?}");
        assert!((causes[0].share - 0.6).abs() < 1e-9 && (causes[1].share - 0.4).abs() < 1e-9, "{causes:?}");
    }

    #[test]
    fn merging_out_of_files_is_a_part_of_using_them() {
        let files = measured(|mode, time, report| {
            (time.cpu.write_intermediate, time.cpu.merge) = ([0.3, 0.0][mode], [0.9, 0.4][mode]);
            report.counters.file_bytes_written = [1 << 20, 0][mode];
        });
        assert!(matches!(the_cause(&files), (Mechanism::UsedFiles { .. }, 0.8)), "{:?}", the_cause(&files));
    }

    #[test]
    fn deleting_files_is_a_part_of_using_them() {
        let files = measured(|mode, time, report| {
            let seconds = [0.5, 0.0][mode];
            time.cpu.write_intermediate = seconds;
            report.counters.file_bytes_written = [1 << 20, 0][mode];
            let (start_seconds, end_seconds) = (2.0, 2.0 + seconds);
            report.driver.push(DriverSpan { phase: "finish".into(), start_seconds, end_seconds });
        });
        let Explanation { causes, gap_seconds, .. } = explained(&files);
        assert!(matches!(causes[..], [Cause { mechanism: Mechanism::UsedFiles { .. }, .. }]), "{causes:?}");
        assert!((gap_seconds - 1.0).abs() < 1e-9 && (causes[0].seconds - 1.0).abs() < 1e-9, "{causes:?}");
    }

    #[test]
    fn memory_mode_that_goes_to_files_lacked_memory() {
        let little = measured(|mode, time, report| {
            (time.wait.write_intermediate, time.cpu.encode) = ([0.0, 0.6][mode], [0.0, 0.4][mode]);
            report.counters.file_bytes_written = [0, 1 << 20][mode];
        });
        let Explanation { slower, causes, .. } = explained(&little);
        let lacked =
            Mechanism::LackedMemory { budget_bytes: 1 << 30, file_bytes_written: 1048576.0, parsed_times: 0.0 };
        assert_eq!((slower.as_str(), &causes[0].mechanism, causes.len()), ("memory", &lacked, 1));
    }

    #[test]
    fn passes_are_the_times_that_merges_wrote_the_map_outputs() {
        let merging = measured(|mode, time, report| {
            time.cpu.merge = [0.9, 0.0][mode];
            report.counters.map_output_materialized_bytes = 1 << 20;
            report.phases[3].bytes = [6 << 20, 0][mode];
        });
        let merged = Mechanism::Merged { passes: 6.0, faster_passes: 0.0, bytes: f64::from(6 << 20) };
        assert_eq!(the_cause(&merging), (merged, 0.9));
    }

    #[test]
    fn what_passes_write_and_read_belongs_to_them() {
        let passes = |passes: u64| {
            measured(move |mode, time, report| {
                (time.cpu.merge, time.cpu.write_intermediate) = ([0.5, 0.0][mode], [1.0, 0.0][mode]);
                report.counters.map_output_materialized_bytes = 1 << 20;
                report.counters.file_bytes_written = [(passes + 1) << 20, 0][mode];
                report.phases[3].bytes = [passes << 20, 0][mode];
            })
        };
        let seconds =
            |causes: Vec<Cause>| causes.iter().map(|cause| (cause.seconds * 1e6).round() / 1e6).collect::<Vec<_>>();
        let of = |number| explained(&passes(number)).causes;
        assert!(matches!(of(1)[0].mechanism, Mechanism::UsedFiles { .. }), "files need one merge: {:?}", of(1));
        assert_eq!(seconds(of(1)), vec![1.5]);
        assert!(matches!(of(7)[0].mechanism, Mechanism::Merged { .. }), "{:?}", of(7));
        assert_eq!(seconds(of(7)), vec![1.25]);
    }

    #[test]
    fn sorting_more_bytes_is_a_cause() {
        let sorting = measured(|mode, time, report| {
            time.cpu.sort = [0.9, 0.1][mode];
            report.phases[1].bytes = [9 << 20, 1 << 20][mode];
        });
        assert!(matches!(the_cause(&sorting), (Mechanism::Sorted { .. }, 0.8)));
    }

    #[test]
    fn an_attempt_that_failed_costs_what_the_wave_was_longer() {
        let failing = measured(|mode, _, report| {
            if mode == 0 {
                report.recoveries = vec![recovery((RecoveryKind::Retry, 0.8))];
                let failed = (2..4).map(|task| attempt(task, 0.4, TimeUse::default()));
                report.tasks = failed.map(|task| TaskReport { outcome: Outcome::Failed, ..task }).collect();
            }
        });
        assert_eq!(the_cause(&failing), (Mechanism::Recovered { attempts: 1.0, worker_seconds: 0.8 }, 0.4));
    }

    #[test]
    fn a_processor_that_others_use_is_the_cause_and_not_the_work_that_it_stretches() {
        let busy = measured(|mode, time, report| {
            time.cpu.parse = [0.5, 0.4][mode];
            report.input_bytes *= [5, 4][mode];
            time.wait.processor = [2.0, 0.0][mode] * time.cpu.total();
        });
        let (Mechanism::WaitedForProcessor { stretch, faster_stretch }, seconds) = the_cause(&busy) else { panic!() };
        assert!((stretch - 3.0).abs() < 1e-9 && faster_stretch == 1.0, "{stretch} {faster_stretch}");
        // Computing takes 1.51 s and 1.41 s, and the stretches differ by 2.
        assert!((seconds - 2.92).abs() < 1e-6, "{seconds}");
    }

    #[test]
    fn what_lies_within_the_spread_of_the_runs_is_no_cause() {
        assert!(is_clearly_more(&[1.1, 1.2, 1.3], &[0.9, 1.0, 1.1]));
        assert!(!is_clearly_more(&[1.0, 1.2, 1.3], &[0.9, 1.0, 1.3]));
        assert!(!is_clearly_more(&[0.5, 1.2, 1.3], &[0.9, 1.0, 1.1]), "a run was as short");
        assert!(is_clearly_more(&[2.0], &[1.0]) && !is_clearly_more(&[0.0; 3], &[0.0; 3]));
    }

    #[test]
    fn a_disturbed_run_among_many_hides_no_cause() {
        let around = |middle: f64| (0..20).map(move |i| middle + 0.01 * f64::from(i % 5));
        let (mut slow, mut fast): (Vec<f64>, Vec<f64>) = (around(1.2).collect(), around(1.0).collect());
        (slow[3], fast[7]) = (0.9, 2.0);
        assert!(is_clearly_more(&slow, &fast) && !is_clearly_more(&fast, &slow));
    }

    #[test]
    fn programs_without_accounts_differ_by_start_processor_time_and_processors() {
        let spark = Program { startup_seconds: 6.0, load_seconds: 0.0, work_seconds: 2.0, cpu_seconds: 8.0 };
        let awk = Program { startup_seconds: 0.0, load_seconds: 0.0, work_seconds: 1.0, cpu_seconds: 1.0 };
        let causes = spark.explain("spark", &awk, "awk").unwrap().causes;
        let started = Mechanism::StartedUp { startup_seconds: 6.0, faster_startup_seconds: 0.0 };
        assert_eq!((&causes[0].mechanism, causes[0].seconds, causes.len()), (&started, 6.0, 1));
        let twice = Program { startup_seconds: 0.0, load_seconds: 0.0, work_seconds: 2.0, cpu_seconds: 2.0 };
        let both = Program { startup_seconds: 0.0, load_seconds: 0.0, work_seconds: 1.0, cpu_seconds: 2.0 };
        let causes = twice.explain("reference", &both, "memory").unwrap().causes;
        let fewer = Mechanism::UsedFewerProcessors { processors: 1.0, faster_processors: 2.0 };
        assert_eq!((&causes[0].mechanism, causes[0].seconds), (&fewer, 1.0));
        assert_eq!(awk.explain("awk", &spark, "spark"), None);
        let database = Program { startup_seconds: 1.0, load_seconds: 9.0, ..awk };
        let causes = database.explain("postgresql", &awk, "awk").unwrap().causes;
        let loaded = Mechanism::Loaded { load_seconds: 9.0, faster_load_seconds: 0.0 };
        assert_eq!((&causes[0].mechanism, causes[0].seconds), (&loaded, 9.0));
    }

    #[test]
    fn an_entry_of_the_report_has_its_kind_and_its_evidence() {
        let sorting = measured(|mode, time, report| {
            time.cpu.sort = [0.9, 0.1][mode];
            report.phases[1].bytes = [9 << 20, 1 << 20][mode];
        });
        let entry = serde_json::to_value(explained(&sorting).entries().next().unwrap()).unwrap();
        assert_eq!((&entry["slower"], &entry["kind"]), (&"disk".into(), &"sorted".into()));
        assert_eq!(entry["evidence"]["bytes"], f64::from(9 << 20));
        assert!(entry["share"].as_f64().unwrap() > 0.99);
    }
}
