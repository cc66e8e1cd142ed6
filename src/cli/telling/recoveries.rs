//! Recoveries from failures in runs, as people read them.

use std::fmt::Display;

use crate::cli::figures::{count, counted, seconds, signed_range, signed_seconds};
use crate::measure::analysis::economics::{DiskPays, Economics};
use crate::measure::analysis::failures::FailureCost;
use crate::measure::analysis::verdict::VerdictKind;
use crate::measure::recoveries::{Cost, Recoveries};

/// A noun and a participle for each kind of recovery.
const KINDS: [(&str, &str); Recoveries::KINDS.len()] = [
    ("attempt", "tried again"),
    ("map output", "made again"),
    ("reducer", "begun anew"),
    ("slow task", "attempted twice"),
];

/// The rows of a table: all recoveries, then each kind.
pub const ROWS: [&str; 1 + KINDS.len()] = [
    "recoveries, time of workers",
    "  attempts tried again",
    "  map outputs made again",
    "  reducers begun anew",
    "  slow tasks attempted twice",
];

/// The cells of the [rows](ROWS).
pub fn rows(recoveries: &Recoveries) -> Vec<Cost> {
    [recoveries.total()].into_iter().chain(*recoveries.costs()).collect()
}

/// `1 attempt tried again, 1 map output made again; 83.2 ms of workers lost`.
pub fn sentence(recoveries: &Recoveries) -> String {
    let happened = KINDS.iter().zip(recoveries.costs()).filter(|(_, cost)| !cost.is_zero());
    let parts: Vec<_> =
        happened.map(|((noun, done), cost)| format!("{} {done}", counted(cost.count(), noun))).collect();
    format!("{}; {} of workers lost", parts.join(", "), seconds(recoveries.total().seconds))
}

/// `In disk the failures cost +0.312 s [+0.250…+0.380 s] of wall time (0.920 s against 0.608 s without): 1 attempt tried
/// again; 0.217 s of workers lost.`
pub fn cost_sentence(cost: &FailureCost, recoveries: &Recoveries) -> String {
    let FailureCost { name, median_seconds, median_seconds_without, seconds: taken, .. } = cost;
    let medians = format!("{} against {} without", seconds(*median_seconds), seconds(*median_seconds_without));
    let interval = taken.ci95.map_or(String::new(), |interval| format!(" [{}]", signed_range(interval)));
    let shown = format!("{}{interval} of wall time ({medians})", signed_seconds(taken.value));
    let costs = match cost.kind {
        VerdictKind::Different => format!("the failures cost {shown}"),
        VerdictKind::Equivalent => format!("the failures cost no time that matters: {shown}"),
        VerdictKind::Undecided => format!("the cost of the failures is undecided: {shown}"),
    };
    format!("In {name} {costs}: {}.", sentence(recoveries))
}

/// `Without failures, disk takes 0.300 s longer than memory; a failure like these costs it 0.100 s, and memory 0.200 s. So
/// disk takes less time from about 3.0 failures a run on (more than 2.1, at most 4.2).`
pub fn economics_sentence(found: &Economics) -> String {
    let costs = format!(
        "a failure like these costs it {}, and memory {}",
        signed_seconds(found.on_disk_seconds),
        signed_seconds(found.in_memory_seconds)
    );
    let longer = if found.extra_seconds < 0.0 { "less" } else { "longer" };
    let extra = format!("disk takes {} {longer} than memory", seconds(found.extra_seconds.abs()));
    match found.pays {
        DiskPays::Always => format!("Without failures, {extra}; {costs}."),
        DiskPays::Never => {
            format!(
                "Without failures, {extra}; {costs}. So disk does not pay, however many failures of this kind there are."
            )
        }
        DiskPays::From { failures, above, at_most } => format!(
            "Without failures, {extra}; {costs}. So disk takes less time from about {failures:.1} failures a run on (more \
             than {above:.1}, at most {at_most:.1})."
        ),
        DiskPays::Unknown => format!(
            "Whether there are failures enough for disk to pay is undecided: without any, {extra}, and {costs}, by medians \
             that differ by less than the noise."
        ),
    }
}

/// `2, 83.2 ms`, or `2` where it cost nothing.
pub fn cell(cost: &Cost) -> impl Display {
    let times = count(cost.count());
    if cost.seconds > 0.0 { format!("{times}, {}", seconds(cost.seconds)) } else { times }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::recoveries::tests::recoveries;
    use crate::observe::report::RecoveryKind::{Rerun, Restart, Retry, Speculation};

    #[test]
    fn a_run_is_summed_up_by_kind() {
        let recoveries = recoveries([(Restart, 0.01), (Rerun, 0.05), (Retry, 0.2), (Retry, 0.2), (Speculation, 0.0)]);
        let expected = "2 attempts tried again, 1 map output made again, 1 reducer begun anew, \
                        1 slow task attempted twice; 0.460 s of workers lost";
        assert_eq!(sentence(&recoveries), expected);
        let rows: Vec<_> = rows(&recoveries).iter().map(|cost| cell(cost).to_string()).collect();
        assert_eq!(rows, ["5, 0.460 s", "2, 0.400 s", "1, 50.0 ms", "1, 10.0 ms", "1"]);
        assert!(!recoveries.is_empty() && Recoveries::default().is_empty());
    }
}
