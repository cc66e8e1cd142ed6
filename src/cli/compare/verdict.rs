//! What a comparison comes to, in a sentence for the two modes and one for the reference.

use crate::cli::compare::comparison::{Column, Framework};
use crate::cli::figures::{bytes, counted, range, seconds};

/// Fewest runs of a mode whose times say something about the noise.
const FEWEST_RUNS: usize = 3;
/// Smallest part of a difference in time that is worth naming.
const WORTH_NAMING: f64 = 0.1;
/// Most phases that are named.
const MOST_NAMED: usize = 3;

/// The sentences that the columns allow.
pub fn sentences(columns: &[Column]) -> Vec<String> {
    let find = |mode| columns.iter().find(|column| column.mode == mode);
    let (disk, memory, reference) = (find("disk"), find("memory"), find("reference"));
    let pair = disk.zip(memory).map(|(disk, memory)| pair(disk, memory));
    let frameworks = [disk, memory].into_iter().flatten();
    let fastest = frameworks.min_by(|a, b| a.time.median.total_cmp(&b.time.median));
    let alone = reference.zip(fastest).map(|(reference, fastest)| without_framework(reference, fastest));
    pair.into_iter().chain(alone).collect()
}

/// Disk against memory. The difference counts when the confidence intervals of the two medians do not overlap, which of
/// few runs are the ranges of their times.
fn pair(disk: &Column, memory: &Column) -> String {
    let (slow, fast) = if disk.time.median >= memory.time.median { (disk, memory) } else { (memory, disk) };
    let ratio = slow.time.median / fast.time.median;
    let medians = format!("{} against {}", seconds(slow.time.median), seconds(fast.time.median));
    if slow.runs.min(fast.runs) < FEWEST_RUNS {
        let (slow, fast) = (slow.mode, fast.mode);
        return format!(
            "{slow} took {ratio:.2}× the time of {fast} ({medians}); fewer than three runs do not tell that from noise."
        );
    }
    if slow.time.ci95.0 <= fast.time.ci95.1 {
        let of = |column: &Column| {
            format!("{} took {} ({})", column.mode, seconds(column.time.median), range(column.time.ci95))
        };
        return format!("No difference beyond the noise: {}, {}.", of(disk), of(memory));
    }
    let mut sentence = format!("{} took {ratio:.2}× the time of {} ({medians})", slow.mode, fast.mode);
    if let Some((slow_parts, fast_parts)) = slow.framework.as_ref().zip(fast.framework.as_ref()) {
        let gap = slow.time.median - fast.time.median;
        let named = where_the_time_went(slow_parts, fast_parts, gap, slow.workers);
        sentence += &if named.is_empty() {
            ": no phase alone accounts for it".to_owned()
        } else {
            format!(": a worker spent {}", named.join(" and "))
        };
        let more = slow_parts.file_written_bytes - fast_parts.file_written_bytes;
        if more >= 1.0 {
            sentence += &format!("; {} more went through files", bytes(more as u64));
        }
    }
    sentence + "."
}

/// The phases that took the slower mode longer, longest difference first, as a part of the time of one worker.
fn where_the_time_went(slow: &Framework, fast: &Framework, gap: f64, workers: u64) -> Vec<String> {
    let pairs = slow.phases.iter().zip(&fast.phases);
    let mut more: Vec<(&str, f64)> =
        pairs.map(|((name, slow), (_, fast))| (name.as_str(), (slow - fast) / workers as f64)).collect();
    more.retain(|(_, more)| *more >= WORTH_NAMING * gap);
    more.sort_by(|a, b| b.1.total_cmp(&a.1));
    more.truncate(MOST_NAMED);
    more.into_iter().map(|(name, more)| format!("{} more in {name}", seconds(more))).collect()
}

fn without_framework(reference: &Column, fastest: &Column) -> String {
    let ratio = reference.time.median / fastest.time.median;
    format!(
        "One thread without the framework took {}: {ratio:.2}× the time of {} with {}.",
        seconds(reference.time.median),
        fastest.mode,
        counted(fastest.workers, "worker"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::compare::comparison::tests::comparison;

    fn verdict(disk: &[f64], memory: &[f64], reference: &[f64]) -> Vec<String> {
        sentences(&comparison([disk, memory, reference]).columns())
    }

    #[test]
    fn a_clear_difference_is_placed() {
        let sentences = verdict(&[0.90, 0.92, 0.95], &[0.69, 0.70, 0.72], &[1.9, 1.9, 1.9]);
        let pair = "disk took 1.31× the time of memory (0.920 s against 0.700 s): a worker spent 0.100 s more in spill \
                    and 50.0 ms more in merge; 353 MiB more went through files.";
        let alone = "One thread without the framework took 1.90 s: 2.71× the time of memory with 2 workers.";
        assert_eq!(sentences, [pair, alone]);
    }

    #[test]
    fn overlapping_intervals_are_noise() {
        let sentences = verdict(&[0.70, 0.72, 0.75], &[0.69, 0.70, 0.71], &[]);
        let expected =
            "No difference beyond the noise: disk took 0.720 s (0.700–0.750 s), memory took 0.700 s (0.690–0.710 s).";
        assert_eq!(sentences, [expected]);
    }

    #[test]
    fn two_runs_say_nothing_about_noise() {
        let sentences = verdict(&[2.0, 2.0], &[1.0, 1.0], &[]);
        assert!(sentences[0].ends_with("fewer than three runs do not tell that from noise."), "{sentences:?}");
    }

    #[test]
    fn memory_may_be_the_slower_one() {
        let sentences = verdict(&[0.5; 3], &[1.0; 3], &[]);
        assert_eq!(
            sentences,
            ["memory took 2.00× the time of disk (1.00 s against 0.500 s): no phase alone accounts for it."]
        );
    }

    #[test]
    fn a_mode_alone_is_not_judged() {
        assert!(verdict(&[1.0; 3], &[], &[]).is_empty());
        assert_eq!(verdict(&[1.0; 3], &[], &[0.5; 3]).len(), 1);
    }
}
