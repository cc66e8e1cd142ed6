//! What a comparison comes to, in a sentence for each pair of modes, one for the reference, one for each mode on what a
//! faster disk could give it, and one for each mode that recovered from failures.

use crate::cli::args::RunMode;
use crate::cli::compare::column::{Column, Framework};
use crate::cli::compare::comparison::Comparison;
use crate::cli::compare::cost;
use crate::cli::compare::interval::is_beyond_noise;
use crate::cli::figures::{bytes, counted, seconds};
use crate::observe::report::Bounds;

/// Fewest rounds whose times say something about the noise.
pub const FEWEST_ROUNDS: usize = 3;
/// Smallest part of a difference in time that is worth naming.
const WORTH_NAMING: f64 = 0.1;
/// Most phases that are named.
const MOST_NAMED: usize = 3;

/// The sentences that the runs allow.
pub fn sentences(comparison: &Comparison) -> Vec<String> {
    let columns = comparison.columns();
    let (references, mut frameworks): (Vec<&Column>, Vec<&Column>) =
        columns.iter().partition(|column| column.mode == RunMode::Reference);
    // The stable order keeps the modes as they were named; disk and memory are one pair either way.
    let mut sentences = Vec::new();
    if let Some((first, others)) = frameworks.split_first() {
        sentences.extend(others.iter().map(|other| pair(comparison, first, other)));
    }
    frameworks.sort_by(|a, b| a.time.median.total_cmp(&b.time.median));
    if let Some(fastest) = frameworks.first() {
        sentences.extend(references.iter().map(|reference| without_framework(comparison, reference, fastest)));
    }
    sentences.extend(comparison.settings.without_reference.then(|| {
        let job = &comparison.settings.job;
        format!("{job} has no reference, so there is no column of one thread without the framework.")
    }));
    sentences.extend(columns.iter().filter_map(without_waiting));
    sentences.extend(comparison.warm_though_asked_cold().map(|cold| {
        let [came, read] = [cold.from_device_bytes, cold.to_read_bytes].map(bytes);
        format!(
            "The page cache was NOT cold: its pages could not be dropped, and {came} of {read} came from the device."
        )
    }));
    let recoveries = columns.iter().filter_map(|column| Some((column, column.framework.as_ref()?.recoveries)));
    let recoveries = recoveries.filter(|(_, recoveries)| !recoveries.is_empty());
    sentences.extend(recoveries.map(|(column, recoveries)| format!("Recoveries in {}: {recoveries}.", column.name)));
    sentences.extend(cost::sentences(comparison));
    sentences
}

/// How one compares with the other: `disk is 1.31× slower than memory [1.30, 1.33] (0.920 s against 0.700 s)`, and whether
/// that counts as a difference.
fn relation(comparison: &Comparison, slow: &Column, fast: &Column, slow_name: &str, fast_name: &str) -> (String, bool) {
    let medians = format!("{} against {}", seconds(slow.time.median), seconds(fast.time.median));
    let ratio = slow.time.median / fast.time.median;
    let estimate = comparison.ratio(&slow.name, &fast.name);
    match estimate.and_then(|estimate| Some((estimate, estimate.ci95?))) {
        Some((estimate, (low, high))) if slow.runs.min(fast.runs) >= FEWEST_ROUNDS => {
            let interval = format!("[{low:.2}, {high:.2}]");
            let ratio = estimate.value;
            if is_beyond_noise(estimate) {
                (format!("{slow_name} is {ratio:.2}× slower than {fast_name} {interval} ({medians})"), true)
            } else {
                let tell = "No difference beyond noise between";
                (format!("{tell} {slow_name} and {fast_name}: {ratio:.2}× {interval} ({medians})"), false)
            }
        }
        _ => {
            let caveat = "fewer than three rounds do not tell that from noise";
            (format!("{slow_name} took {ratio:.2}× the time of {fast_name} ({medians}); {caveat}"), false)
        }
    }
}

fn pair(comparison: &Comparison, a: &Column, b: &Column) -> String {
    let (slow, fast) = if a.time.median >= b.time.median { (a, b) } else { (b, a) };
    let (mut sentence, differ) = relation(comparison, slow, fast, &slow.name, &fast.name);
    if !differ {
        return sentence + ".";
    }
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

/// What a mode that wrote files could gain at most.
fn without_waiting(column: &Column) -> Option<String> {
    let framework = column.framework.as_ref().filter(|framework| framework.file_written_bytes >= 1.0)?;
    let Bounds { infinitely_fast_disk_seconds: fast, free_intermediate_files_seconds: free } = framework.time?.bounds;
    let less = |bound: f64| 100.0 * (1.0 - bound / column.time.median).max(0.0);
    Some(format!(
        "With an infinitely fast disk, {} would take {:.0} % less time ({}); with intermediate files that cost nothing at \
         all, not even copying, {:.0} % less ({}).",
        column.name,
        less(fast),
        seconds(fast),
        less(free),
        seconds(free),
    ))
}

fn without_framework(comparison: &Comparison, reference: &Column, fastest: &Column) -> String {
    let alone = "one thread without the framework";
    let framework = format!("{} with {}", fastest.name, counted(fastest.workers, "worker"));
    let (sentence, _) = if reference.time.median >= fastest.time.median {
        relation(comparison, reference, fastest, alone, &framework)
    } else {
        relation(comparison, fastest, reference, &framework, alone)
    };
    sentence[..1].to_uppercase() + &sentence[1..] + "."
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::compare::comparison::tests::{comparison, run};
    use crate::cli::compare::run_figures::Run;

    fn verdict(disk: &[f64], memory: &[f64], reference: &[f64]) -> Vec<String> {
        sentences(&comparison([disk, memory, reference]))
    }

    #[test]
    fn a_clear_difference_is_placed() {
        let sentences = verdict(&[0.91, 0.92, 0.93], &[0.69, 0.70, 0.71], &[1.9, 1.9, 1.9]);
        let pair = "disk is 1.31× slower than memory [1.30, 1.33] (0.920 s against 0.700 s): a worker spent 0.100 s more \
                    in spill and 50.0 ms more in merge; 353 MiB more went through files.";
        let alone = "One thread without the framework is 2.71× slower than memory with 2 workers [2.60, 2.84] (1.90 s \
                     against 0.700 s).";
        assert_eq!(sentences, [pair, alone]);
    }

    #[test]
    fn an_interval_that_holds_one_is_noise() {
        let sentences = verdict(&[0.70, 0.72, 0.75], &[0.71, 0.69, 0.70], &[]);
        let expected =
            "No difference beyond noise between disk and memory: 1.03× [0.90, 1.17] (0.720 s against 0.700 s).";
        assert_eq!(sentences, [expected]);
    }

    #[test]
    fn two_rounds_say_nothing_about_noise() {
        let sentences = verdict(&[2.0, 2.0], &[1.0, 1.0], &[]);
        let expected = "disk took 2.00× the time of memory (2.00 s against 1.00 s); fewer than three rounds do not tell \
                        that from noise.";
        assert_eq!(sentences, [expected]);
    }

    #[test]
    fn memory_may_be_the_slower_one() {
        let sentences = verdict(&[0.5; 3], &[1.0; 3], &[0.25; 3]);
        let pair =
            "memory is 2.00× slower than disk [2.00, 2.00] (1.00 s against 0.500 s): no phase alone accounts for it.";
        let alone = "Disk with 2 workers is 2.00× slower than one thread without the framework [2.00, 2.00] (0.500 s \
                     against 0.250 s).";
        assert_eq!(sentences, [pair, alone]);
    }

    #[test]
    fn a_cache_that_was_not_cold_is_told() {
        let mut comparison = comparison([&[1.0], &[], &[]]);
        assert!(sentences(&comparison).is_empty());
        let mut report = run(RunMode::Disk, 2.0, "xxh3:0").json;
        report["cold_cache"] = json!({"to_read_bytes": 1024, "from_device_bytes": 12, "dropped": false});
        comparison.add(Run::parse(report.to_string().as_bytes()).unwrap(), "disk", 1);
        let expected =
            "The page cache was NOT cold: its pages could not be dropped, and 12 B of 1.00 KiB came from the device.";
        assert_eq!(sentences(&comparison), [expected]);
    }

    #[test]
    fn what_a_faster_disk_could_give_is_told_of_modes_that_write_files() {
        let mut comparison = comparison([&[], &[], &[]]);
        for mode in [RunMode::Disk, RunMode::Memory] {
            let mut report = run(mode, 2.0, "xxh3:0").json;
            report["time"] = json!({});
            report["bounds"] = json!({"infinitely_fast_disk_seconds": 1.9, "free_intermediate_files_seconds": 1.0});
            comparison.add(Run::parse(report.to_string().as_bytes()).unwrap(), mode.name(), 0);
        }
        let expected = "With an infinitely fast disk, disk would take 5 % less time (1.90 s); with intermediate files that \
                        cost nothing at all, not even copying, 50 % less (1.00 s).";
        assert_eq!(sentences(&comparison)[1..], [expected]);
    }

    #[test]
    fn recoveries_are_told_of_the_modes_that_had_any() {
        let mut comparison = comparison([&[1.0], &[], &[]]);
        let mut report = comparison.reports().next().unwrap().clone();
        report["recoveries"] = json!([{"kind": "retry", "seconds_lost": 0.2}, {"kind": "rerun", "seconds_lost": 0.1}]);
        comparison.add(Run::parse(report.to_string().as_bytes()).unwrap(), "memory", 0);
        let expected = "Recoveries in memory: 1 attempt tried again, 1 map output made again; 0.300 s of workers lost.";
        assert_eq!(sentences(&comparison)[1..], [expected]);
    }

    #[test]
    fn a_mode_alone_is_not_judged() {
        assert!(verdict(&[1.0; 3], &[], &[]).is_empty());
        assert_eq!(verdict(&[1.0; 3], &[], &[0.5; 3]).len(), 1);
    }
}
