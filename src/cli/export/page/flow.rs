//! The way of the bytes from the input to the output, for each mode: what lay in memory and what lay in files.
//!
//! ```text
//! memory           ┌── map ──┐                             ┌─ reduce ─┐
//! ─ ─ ─ ─ ─ ─ ─ ─ ─│─ ─ ─ ─ ─│─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─│─ ─ ─ ─ ─ ─│─ ─ ─
//! files     input ─┘         └─ spill ── merge ── shuffle ─┘           └─ output
//! ```

use serde::Serialize;

use crate::cli::figures::bytes;
use crate::config::Medium;
use crate::measure::column::Column;
use crate::measure::comparison::Comparison;
use crate::measure::run::Run;
use crate::measure::statistics::median;
use crate::observe::purpose::Purpose;

/// Bytes read of those that were left between jobs from which on reading them is told.
const READ_AGAIN: f64 = 1.05;
/// Part of the input from which on reading it beforehand is told.
const WORTH_NAMING: f64 = 0.01;

/// Bytes that are in memory, and bytes that are in files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Place {
    memory: f64,
    files: f64,
}

/// The bytes of a mode at each station, over all its jobs and iterations: the medians of its runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Flow {
    mode: String,
    /// Bytes of input that map read.
    input: f64,
    /// Bytes of input that were read beforehand, to find ranges of keys.
    sampled: f64,
    /// The input's size, where it is known: a loop may read it several times.
    input_size: Option<f64>,
    /// Records that mappers emitted.
    map_output: f64,
    /// What was left of them after combining and sorting, as it was put aside.
    spilled: Place,
    /// What merge passes wrote again.
    merged: f64,
    /// What reducers took.
    shuffled: Place,
    /// What one job left in files for the next.
    between_jobs: f64,
    /// What the next jobs read of it: a loop reads again what does not change.
    between_jobs_read: f64,
    output: f64,
    /// The same in words.
    sentence: String,
}

impl Flow {
    /// The flows of the framework's modes.
    pub fn all(comparison: &Comparison) -> Vec<Self> {
        comparison.columns().iter().filter_map(|column| Flow::of(comparison, column)).collect()
    }

    fn of(comparison: &Comparison, column: &Column) -> Option<Self> {
        let framework = column.framework.as_ref()?;
        let traffic: Vec<Traffic> = comparison.runs_of(&column.name).map(Traffic::of).collect();
        let of = |figure: fn(&Traffic) -> f64| median(traffic.iter().map(figure));
        let spilled = Place { memory: of(|run| run.spilled.memory), files: of(|run| run.spilled.files) };
        let shuffled = Place { memory: of(|run| run.shuffled.memory), files: of(|run| run.shuffled.files) };
        let (merged, input) = (of(|run| run.merged), of(|run| run.input));
        let input_size = Some(comparison.settings.input_bytes as f64).filter(|size| !comparison.saved && *size > 0.0);
        let mut flow = Flow {
            mode: column.name.clone(),
            input,
            sampled: of(|run| run.sampled),
            input_size,
            map_output: framework.map_output_bytes,
            spilled,
            merged,
            shuffled,
            between_jobs: of(|run| run.between_jobs),
            between_jobs_read: of(|run| run.between_jobs_read),
            output: column.output_bytes,
            sentence: String::new(),
        };
        flow.sentence = flow.told();
        Some(flow)
    }

    /// Says what the mode did with its input and its intermediate data.
    fn told(&self) -> String {
        let size = |count: f64| bytes(count as u64);
        let times = self.input_size.map_or(1.0, |size| self.input / size);
        let written = self.spilled.files;
        let again = (times >= 1.5).then(|| format!("read the input in {times:.0} passes"));
        let sampled = self.sampled > WORTH_NAMING * self.input;
        let sampled = sampled.then(|| format!("read {} beforehand, to sample keys", size(self.sampled)));
        let map_output = match (written >= 1.0, self.spilled.memory >= 1.0) {
            (true, false) => format!("wrote {} of map output to files", size(written)),
            (true, true) => {
                format!(
                    "kept {} of map output in memory and wrote {} to files",
                    size(self.spilled.memory),
                    size(written)
                )
            }
            (false, _) => format!("kept {} of map output in memory", size(self.spilled.memory)),
        };
        let read_of_it = if self.between_jobs_read > READ_AGAIN * self.between_jobs {
            format!(", of which jobs read {} in all", size(self.between_jobs_read))
        } else {
            String::new()
        };
        let between = (self.between_jobs >= 1.0)
            .then(|| format!("left {} in files between jobs{read_of_it}", size(self.between_jobs)));
        let merged = (self.merged >= 1.0).then(|| format!("wrote {} again as it merged", size(self.merged)));
        let parts: Vec<String> = [again, sampled, Some(map_output), merged, between].into_iter().flatten().collect();
        let list = match parts.as_slice() {
            [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
            parts => parts.concat(),
        };
        format!("{} {list}.", capitalised(&self.mode))
    }
}

/// What one run read, and what it put aside between map and reduce, and where.
struct Traffic {
    input: f64,
    sampled: f64,
    spilled: Place,
    merged: f64,
    shuffled: Place,
    between_jobs: f64,
    between_jobs_read: f64,
}

impl Traffic {
    fn of(run: &Run) -> Self {
        let report = &run.report;
        let spilled = report.phases.iter().find(|phase| phase.name == "spill").map_or(0, |phase| phase.bytes);
        let taken = report.counters.reduce_shuffle_bytes;
        let Files { input, sampled, spill_written, merged, shuffle_read, between_jobs, between_jobs_read } =
            Files::of(run);
        let in_files = report.factors.is_some_and(|factors| factors.map_output == Medium::Disk);
        // The framing of files adds a little.
        let place = |all: u64, files: u64| Place {
            memory: if in_files { 0.0 } else { all.saturating_sub(files) as f64 },
            files: files as f64,
        };
        Traffic {
            input: input as f64,
            sampled: sampled as f64,
            spilled: place(spilled, spill_written),
            merged: merged as f64,
            shuffled: place(taken, shuffle_read),
            between_jobs: between_jobs as f64,
            between_jobs_read: between_jobs_read as f64,
        }
    }
}

/// Bytes of a run in files.
struct Files {
    input: u64,
    sampled: u64,
    spill_written: u64,
    merged: u64,
    shuffle_read: u64,
    between_jobs: u64,
    between_jobs_read: u64,
}

impl Files {
    fn of(run: &Run) -> Self {
        let io = |purpose: Purpose| run.report.io(purpose).map_or((0, 0), |io| (io.bytes_read, io.bytes_written));
        if run.report.io_by_purpose.is_empty() {
            return Files::guessed(run);
        }
        Files {
            input: io(Purpose::Input).0,
            sampled: io(Purpose::Sampling).0,
            spill_written: io(Purpose::Spill).1,
            merged: io(Purpose::Merge).1,
            shuffle_read: io(Purpose::Shuffle).0,
            between_jobs: io(Purpose::BetweenJobs).1,
            between_jobs_read: io(Purpose::BetweenJobs).0,
        }
    }

    /// Takes apart what a report of an earlier version has as one: first spills, then merge passes, then what is left
    /// between jobs.
    fn guessed(run: &Run) -> Self {
        let report = &run.report;
        let phase = |name: &str| report.phases.iter().find(|phase| phase.name == name).map_or(0, |phase| phase.bytes);
        let spill_written = phase("spill").min(report.counters.file_bytes_written);
        let mut written = report.counters.file_bytes_written - spill_written;
        let merged = phase("merge").min(written);
        written -= merged;
        let read = report.counters.file_bytes_read.saturating_sub(merged);
        // A run has an index behind its records, which is no data of a job.
        let between_jobs = if run.is_chain() || !report.iterations.is_empty() { written } else { 0 };
        let shuffle_read = report.counters.reduce_shuffle_bytes.min(read);
        let input = report.input_bytes;
        Files { input, sampled: 0, spill_written, merged, shuffle_read, between_jobs, between_jobs_read: 0 }
    }
}

/// A sentence begins with a capital letter.
fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::comparison::tests::comparison;
    use crate::measure::mode::RunMode;
    use crate::observe::purpose::PurposeIo;

    const MIB: u64 = 1 << 20;

    /// A comparison of one run in disk and in memory mode that spilled, merged, shuffled and used files this much.
    fn flows(spilled: u64, merged: u64, files: [u64; 2]) -> Vec<Flow> {
        let mut comparison = comparison([&[1.0], &[1.0], &[]]);
        for (run, files) in comparison.runs.iter_mut().zip(files) {
            let report = &mut run.report;
            for (name, bytes) in [("spill", spilled), ("merge", merged)] {
                report.phases.iter_mut().find(|phase| phase.name == name).unwrap().bytes = bytes;
            }
            report.counters.reduce_shuffle_bytes = spilled;
            (report.counters.file_bytes_written, report.counters.file_bytes_read) = (files, files);
        }
        comparison.settings.input_bytes = comparison.runs[0].report.input_bytes;
        Flow::all(&comparison)
    }

    #[test]
    fn disk_mode_puts_everything_aside_in_files() {
        let flows = flows(10 * MIB, 4 * MIB, [14 * MIB, 0]);
        let all = Place { memory: 0.0, files: (10 * MIB) as f64 };
        assert_eq!((flows[0].spilled, flows[0].merged, flows[0].shuffled), (all, (4 * MIB) as f64, all));
        assert_eq!(
            flows[0].sentence,
            "Disk wrote 10.0 MiB of map output to files and wrote 4.00 MiB again as it merged."
        );
        let all = Place { memory: (10 * MIB) as f64, files: 0.0 };
        assert_eq!((flows[1].spilled, flows[1].merged, flows[1].shuffled), (all, 0.0, all));
        assert_eq!(flows[1].sentence, "Memory kept 10.0 MiB of map output in memory.");
    }

    #[test]
    fn what_does_not_fit_in_memory_is_in_files() {
        let flows = flows(10 * MIB, 0, [10 * MIB, 3 * MIB]);
        assert_eq!(flows[1].spilled, Place { memory: (7 * MIB) as f64, files: (3 * MIB) as f64 });
        assert_eq!(flows[1].sentence, "Memory kept 7.00 MiB of map output in memory and wrote 3.00 MiB to files.");
    }

    #[test]
    fn bytes_by_purpose_are_taken_as_they_are() {
        let mut comparison = comparison([&[1.0], &[], &[]]);
        let io = |(purpose, bytes_read, bytes_written)| PurposeIo { purpose, bytes_read, bytes_written };
        let all = [
            (Purpose::Input, 20, 0),
            (Purpose::Sampling, 3, 0),
            (Purpose::Spill, 0, 10),
            (Purpose::Merge, 4, 4),
            (Purpose::Shuffle, 9, 0),
            (Purpose::BetweenJobs, 18, 6),
        ];
        comparison.runs[0].report.io_by_purpose = all.map(io).to_vec();
        let flow = &Flow::all(&comparison)[0];
        assert_eq!((flow.input, flow.sampled, flow.merged, flow.between_jobs), (20.0, 3.0, 4.0, 6.0));
        assert_eq!((flow.spilled.files, flow.shuffled.files), (10.0, 9.0));
        let told = "Disk read 3 B beforehand, to sample keys, wrote 10 B of map output to files, wrote 4 B again as it merged \
                    and left 6 B in files between jobs, of which jobs read 18 B in all.";
        assert_eq!(flow.sentence, told);
    }

    #[test]
    fn an_input_that_is_read_again_and_again_is_told() {
        let mut comparison = comparison([&[1.0], &[], &[]]);
        comparison.settings.input_bytes = MIB;
        comparison.runs[0].report.input_bytes = 20 * MIB;
        assert!(Flow::all(&comparison)[0].sentence.starts_with("Disk read the input in 20 passes and "));
    }

    #[test]
    fn the_reference_has_no_stages() {
        assert!(Flow::all(&comparison([&[], &[], &[1.0]])).is_empty());
        assert_eq!(comparison([&[], &[], &[1.0]]).modes[2].mode, RunMode::Reference);
    }
}
