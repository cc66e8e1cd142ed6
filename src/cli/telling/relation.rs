//! A verdict on two ways of running in words: different, equivalent, or undecided and what would decide it.

use crate::measure::analysis::verdict::{Remedy, Verdict, VerdictKind};

/// A verdict, the slower one first, without a full stop: `disk takes 1.31× as long as memory [1.28, 1.34] (0.920 s against
/// 0.700 s)`.
pub fn words(verdict: &Verdict, slow: &str, fast: &str, medians: &str) -> String {
    let value = verdict.ratio;
    let Some((low, high)) = verdict.interval else {
        return format!(
            "{slow} took {value:.2}× as long as {fast} ({medians}), undecided: fewer than three runs of each do not tell that \
             from noise"
        );
    };
    let margin = percent(100.0 * verdict.margin);
    match verdict.kind {
        VerdictKind::Different => {
            let small =
                if verdict.within_margin() { format!("; within the margin of {margin}") } else { String::new() };
            format!("{slow} takes {value:.2}× as long as {fast} [{low:.2}, {high:.2}] ({medians}{small})")
        }
        VerdictKind::Equivalent => {
            format!("{slow} and {fast} take equally long within {margin}: {} ({medians})", ratio(value, (low, high)))
        }
        VerdictKind::Undecided => {
            let ratio = ratio(value, (low, high));
            format!("Undecided between {slow} and {fast}: {ratio} ({medians}); {}", missing(verdict))
        }
    }
}

/// `1.31× [1.28, 1.34]`
pub fn ratio(ratio: f64, (low, high): (f64, f64)) -> String {
    format!("{ratio:.2}× [{low:.2}, {high:.2}]")
}

/// What keeps the pair from being decided, and what would decide it.
fn missing(verdict: &Verdict) -> String {
    let shown = verdict
        .smallest_detectable_percent
        .map_or(String::new(), |smallest| format!("only {} or more would have shown; ", difference(smallest)));
    match verdict.remedy() {
        Some(Remedy::MoreRounds(more)) => {
            format!("{shown}about {} of each, or a quieter machine, would decide it", counted_more(more))
        }
        _ => format!("{shown}a quieter machine would decide it, and no reasonable number of runs"),
    }
}

fn counted_more(more: usize) -> String {
    format!("{more} more {}", if more == 1 { "run" } else { "runs" })
}

/// A difference in per cent, or as a factor where that is easier to grasp.
pub fn difference(percent: f64) -> String {
    if percent >= 100.0 { format!("a factor of {:.1}", 1.0 + percent / 100.0) } else { self::percent(percent) }
}

/// `5 %`, `0.4 %`
pub fn percent(percent: f64) -> String {
    if percent >= 9.95 || (percent - percent.round()).abs() < 0.05 {
        format!("{percent:.0} %")
    } else {
        format!("{percent:.1} %")
    }
}
