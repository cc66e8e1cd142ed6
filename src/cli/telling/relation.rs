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
            let interval = interval((low, high));
            format!("{slow} takes {value:.2}× as long as {fast} {interval} ({medians}{small})")
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
pub fn ratio(ratio: f64, bounds: (f64, f64)) -> String {
    format!("{ratio:.2}× {}", interval(bounds))
}

/// `[1.28, 1.34]`, with as many decimals as tell on which side of 1, equal times, a bound is: `[1.004, 1.38]`.
pub fn interval((low, high): (f64, f64)) -> String {
    let shown = |bound: f64| {
        let mut texts = (2..6).map(|decimals| format!("{bound:.decimals$}"));
        texts.find(|text| text.parse() != Ok(1.0)).unwrap_or_else(|| format!("{bound:.2}"))
    };
    format!("[{}, {}]", shown(low), shown(high))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_not_rounded_to_the_one_that_it_differs_from() {
        assert_eq!(interval((1.004, 1.38)), "[1.004, 1.38]");
        assert_eq!(interval((0.25, 0.99996)), "[0.25, 0.99996]");
        assert_eq!(interval((1.0, 1.0)), "[1.00, 1.00]", "it is 1");
        assert_eq!(interval((0.994, 20.0)), "[0.99, 20.00]");
    }
}
