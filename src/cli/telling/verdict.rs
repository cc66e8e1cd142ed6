//! The verdict of a comparison: a sentence for each pair of modes, one for the reference, one for each mode about the
//! possible gain from a faster disk, and one for each mode that recovered from failures.

use crate::cli::figures::{bytes, counted, seconds};
use crate::cli::telling::fact::Fact;
use crate::cli::telling::{cause, cost, engines, recoveries, relation};
use crate::measure::analysis::cause::Explanation;
use crate::measure::analysis::economics::Economics;
use crate::measure::analysis::failures::FailureCost;
use crate::measure::analysis::pairs::{Gain, Pair, of_modes, of_references};
use crate::measure::analysis::verdict::VerdictKind;
use crate::measure::column::Column;
use crate::measure::comparison::Comparison;
use crate::measure::mode::RunMode;
use crate::measure::running::pace::MOST_ROUNDS;

/// The subject of a fact about the recoveries of a mode.
pub const RECOVERIES: &str = "recoveries";

/// The sentences that the runs support.
pub fn sentences(comparison: &Comparison) -> Vec<String> {
    facts(comparison).iter().map(|fact| fact.text().to_owned()).collect()
}

/// The same with their figures.
pub fn facts(comparison: &Comparison) -> Vec<Fact> {
    let columns = comparison.columns();
    // The stable order keeps the modes as they were named; disk and memory are one pair either way.
    let mut facts: Vec<Fact> = of_modes(comparison).iter().map(|of| pair(of, comparison)).collect();
    facts.extend(of_references(comparison).iter().map(|of| without_framework(of, comparison)));
    facts.extend(comparison.settings.without_reference.then(|| {
        let job = &comparison.settings.job;
        let text = format!("{job} has no reference, so there is no column of one thread without the framework.");
        Fact::new("the reference", text)
    }));
    facts.extend(end_of_the_rounds(comparison).into_iter().map(|text| Fact::new("the rounds", text)));
    facts.extend(columns.iter().filter_map(Gain::of).map(gain));
    facts.extend(comparison.warm_though_asked_cold().map(|cold| {
        let [came, read] = [cold.from_device_bytes, cold.to_read_bytes].map(bytes);
        let text = format!(
            "The page cache was NOT cold: its pages could not be dropped, and {came} of {read} came from the device."
        );
        Fact::new("the page cache", text).with("cold_cache", cold)
    }));
    let recovered = columns.iter().filter_map(|column| Some((column, column.framework.as_ref()?.recoveries)));
    let recovered = recovered.filter(|(_, recoveries)| !recoveries.is_empty());
    let costs = FailureCost::all(comparison);
    facts.extend(recovered.map(|(column, recovered)| {
        let cost = costs.iter().find(|cost| cost.name == column.name);
        let text = match cost {
            Some(cost) => recoveries::cost_sentence(cost, &recovered),
            None => format!("Recoveries in {}: {}.", column.name, recoveries::sentence(&recovered)),
        };
        let total = recovered.total();
        let fact = Fact::new(RECOVERIES, text).with("variant", &column.name).with("times", total.times);
        fact.with("worker_seconds_lost", total.seconds).with("wall_time", cost)
    }));
    facts.extend(Economics::of(comparison).map(|found| {
        Fact::new("the rate of failures", recoveries::economics_sentence(&found)).with("economics", &found)
    }));
    facts.extend(engines::facts(comparison));
    facts.extend(cost::facts(comparison));
    facts
}

/// Says what kept the rounds from going on, where not all is decided, and which programs sat rounds out.
fn end_of_the_rounds(comparison: &Comparison) -> Vec<String> {
    let rounds = comparison.settings.rounds;
    let counted_rounds = counted(u64::from(rounds), "round");
    let spent = comparison.settings.budget_seconds.filter(|_| rounds > 0 && !comparison.is_settled());
    let spent = spent.map(|_| match rounds {
        MOST_ROUNDS.. => format!("The runs ended after {counted_rounds}, the most that are made."),
        _ => format!(
            "The runs ended after {counted_rounds}, because what was left of their time would not have settled it: pass a \
             longer --budget, or go on from these with --report FILE --continue."
        ),
    });
    let sat_out = comparison.sat_out().into_iter().map(|(name, ran)| {
        format!(
            "{name} ran in {ran} of {counted_rounds}: after the first rounds, other programs share half of the time."
        )
    });
    let settled = comparison.settled_before_the_end().into_iter().map(|(name, ran)| {
        format!("{name} ran in {ran} of {counted_rounds}: what it is compared with was settled then.")
    });
    spent.into_iter().chain(settled).chain(sat_out).collect()
}

/// The facts of the first screen.
pub fn headlines(comparison: &Comparison) -> Vec<Fact> {
    let further = further(comparison);
    facts(comparison).into_iter().filter(|fact| further.iter().all(|sentence| sentence != fact.text())).collect()
}

/// The other sentences: about what is possible, not about what was measured.
pub fn further(comparison: &Comparison) -> Vec<String> {
    let gains = comparison.columns().iter().filter_map(Gain::of).map(gain).collect::<Vec<_>>();
    gains.iter().map(|fact| fact.text().to_owned()).collect()
}

/// Compares the columns of a pair, which are called so.
fn relation(pair: &Pair, slow: &str, fast: &str) -> String {
    let (slow_seconds, fast_seconds) = pair.verdict.seconds;
    let medians = format!("{} against {}", seconds(slow_seconds), seconds(fast_seconds));
    relation::words(&pair.verdict, slow, fast, &medians)
}

/// Two columns by their names.
pub fn pair(pair: &Pair, comparison: &Comparison) -> Fact {
    fact(pair, &relation(pair, &pair.slow.name, &pair.fast.name), comparison)
}

fn without_framework(pair: &Pair, comparison: &Comparison) -> Fact {
    let name = |column: &Column| match column.mode {
        RunMode::Reference => "one thread without the framework".to_owned(),
        _ => format!("{} with {}", column.name, counted(column.workers, "worker")),
    };
    let sentence = relation(pair, &name(&pair.slow), &name(&pair.fast));
    fact(pair, &(sentence[..1].to_uppercase() + &sentence[1..]), comparison)
}

/// A verdict in words, with its cause.
fn fact(pair: &Pair, verdict: &str, comparison: &Comparison) -> Fact {
    let explanation = pair.explanation(comparison);
    let text = match files_that_cost_little(pair) {
        Some(reason) => format!("{verdict}, {reason}."),
        None => cause::after(verdict, explanation.as_ref()),
    };
    let causes: Vec<_> = explanation.iter().flat_map(Explanation::entries).collect();
    let about = format!("{} against {}", pair.slow.name, pair.fast.name);
    Fact::new(about, text).with("verdict", &pair.verdict).with("causes", causes)
}

/// Why a mode that keeps its intermediate data in files takes no longer than one that does not; `None` for any other pair.
fn files_that_cost_little(pair: &Pair) -> Option<String> {
    let (gain, with_files, without) = match (Gain::of(&pair.slow), Gain::of(&pair.fast)) {
        (Some(gain), None) => (gain, &pair.slow, &pair.fast),
        (None, Some(gain)) => (gain, &pair.fast, &pair.slow),
        _ => return None,
    };
    let written = with_files.framework.as_ref()?.file_written_bytes;
    let are_modes = without.framework.is_some();
    let is_little = gain.free_files_part <= pair.verdict.margin;
    (are_modes && is_little && pair.verdict.kind == VerdictKind::Equivalent).then(|| {
        let percent = relation::percent(100.0 * gain.free_files_part);
        format!("because files cost {} little: {} of them take {percent} of its time", gain.name, bytes(written as u64))
    })
}

/// The most that a mode that wrote files could gain.
fn gain(gain: Gain) -> Fact {
    let text = format!(
        "With an infinitely fast disk, {} would take {:.0} % less time ({}); with intermediate files that cost nothing at \
         all, not even copying, {:.0} % less ({}).",
        gain.name,
        100.0 * gain.fast_disk_part,
        seconds(gain.bounds.infinitely_fast_disk_seconds),
        100.0 * gain.free_files_part,
        seconds(gain.bounds.free_intermediate_files_seconds),
    );
    Fact::new("a faster disk", text).with("variant", gain.name).with("bounds", gain.bounds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::comparison::tests::{comparison, run};
    use crate::measure::mode::RunMode;
    use crate::measure::recoveries::tests::recovery;
    use crate::observe::report::RecoveryKind::{Rerun, Retry};
    use crate::observe::report::{Bounds, ColdCache};
    use crate::observe::time_use::TimeUse;

    fn verdict(disk: &[f64], memory: &[f64], reference: &[f64]) -> Vec<String> {
        sentences(&comparison([disk, memory, reference]))
    }

    #[test]
    fn a_clear_difference_is_told() {
        let sentences = verdict(&[0.91, 0.92, 0.93], &[0.69, 0.70, 0.71], &[1.9, 1.9, 1.9]);
        let pair = "disk takes 1.31× as long as memory [1.28, 1.35] (0.920 s against 0.700 s).";
        let alone = "One thread without the framework takes 2.71× as long as memory with 2 workers [2.42, 3.05] (1.90 s \
                     against 0.700 s), because it kept 0.6 processors busy, and memory 1.7: all of the 1.20 s.";
        assert_eq!(sentences, [pair, alone]);
    }

    #[test]
    fn an_interval_that_holds_one_is_undecided() {
        let sentences = verdict(&[0.70, 0.72, 0.75], &[0.71, 0.69, 0.70], &[]);
        let expected = "Undecided between disk and memory: 1.03× [0.73, 1.46] (0.720 s against 0.700 s); only 41 % or more \
                        would have shown; about 20 more runs of each, or a quieter machine, would decide it.";
        assert_eq!(sentences, [expected]);
    }

    #[test]
    fn equal_times_are_told_with_the_margin_and_a_small_difference_too() {
        let around = |time: f64| (0..10).map(|i| time * (1.0 + 0.002 * f64::from(i % 5))).collect::<Vec<_>>();
        let equal = verdict(&around(1.0), &[around(1.0), vec![]].concat(), &[]);
        let mut shuffled = around(1.0);
        shuffled.rotate_left(1);
        let noisy = verdict(&around(1.0), &shuffled, &[]);
        for told in [&equal[0], &noisy[0]] {
            assert!(told.starts_with("disk and memory take equally long within 5 %: 1.00× ["), "{told}");
        }
        let small = &verdict(&around(1.02), &around(1.0), &[])[0];
        assert!(
            small.starts_with("disk takes 1.02× as long as memory [1.02, 1.02] (1.02 s against 1.00 s; within the"),
            "{small}"
        );
    }

    #[test]
    fn a_factor_of_ten_that_is_not_sure_is_not_told_as_none() {
        let told = &verdict(&[18.5, 6.65, 10.0], &[0.98, 2.16, 1.03], &[])[0];
        assert!(told.starts_with("Undecided between disk and memory: 9.71× ["), "{told}");
        assert!(told.contains("only a factor of ") && told.contains(" or more would have shown"), "{told}");
    }

    #[test]
    fn two_rounds_say_nothing_about_noise() {
        let sentences = verdict(&[2.0, 2.0], &[1.0, 1.0], &[]);
        let expected = "disk took 2.00× as long as memory (2.00 s against 1.00 s), undecided: fewer than three runs of each \
                        do not tell that from noise.";
        assert_eq!(sentences, [expected]);
    }

    #[test]
    fn memory_may_be_the_slower_one() {
        let sentences = verdict(&[0.5; 3], &[1.0; 3], &[0.25; 3]);
        let pair = "memory takes 2.00× as long as disk [2.00, 2.00] (1.00 s against 0.500 s).";
        let alone = "Disk with 2 workers takes 2.00× as long as one thread without the framework [2.00, 2.00] (0.500 s \
                     against 0.250 s), because it kept 2.4 processors busy, and one thread 4.8: all of the 0.250 s.";
        assert_eq!(sentences, [pair, alone]);
    }

    #[test]
    fn a_cache_that_was_not_cold_is_told() {
        let mut comparison = comparison([&[1.0], &[], &[]]);
        assert!(sentences(&comparison).is_empty());
        let mut cold = run(RunMode::Disk, 2.0, "xxh3:0");
        cold.report.cold_cache = Some(ColdCache { to_read_bytes: 1024, from_device_bytes: 12, dropped: false });
        comparison.add(cold, "disk", 1);
        let expected =
            "The page cache was NOT cold: its pages could not be dropped, and 12 B of 1.00 KiB came from the device.";
        assert_eq!(sentences(&comparison), [expected]);
    }

    #[test]
    fn what_a_faster_disk_could_give_is_told_of_modes_that_write_files() {
        let mut comparison = comparison([&[], &[], &[]]);
        for mode in [RunMode::Disk, RunMode::Memory] {
            let mut run = run(mode, 2.0, "xxh3:0");
            let bounds = Bounds { infinitely_fast_disk_seconds: 1.9, free_intermediate_files_seconds: 1.0 };
            (run.report.time, run.report.bounds) = (Some(TimeUse::default()), Some(bounds));
            comparison.add(run, mode.name(), 0);
        }
        let expected = "With an infinitely fast disk, disk would take 5 % less time (1.90 s); with intermediate files that \
                        cost nothing at all, not even copying, 50 % less (1.00 s).";
        assert_eq!(sentences(&comparison)[1..], [expected]);
    }

    #[test]
    fn equal_times_have_a_reason_where_files_cost_little_and_none_where_they_cost_much() {
        let around: Vec<f64> = (0..10).map(|i| 1.0 + 0.002 * f64::from(i % 5)).collect();
        let told = |without_files: f64| {
            let mut comparison = comparison([&around, &around, &[]]);
            let bounds =
                Bounds { infinitely_fast_disk_seconds: without_files, free_intermediate_files_seconds: without_files };
            for run in &mut comparison.runs {
                (run.report.time, run.report.bounds) = (Some(TimeUse::default()), Some(bounds));
            }
            sentences(&comparison)[0].clone()
        };
        let little = told(0.994);
        let reason = ", because files cost disk little: 353 MiB of them take 1 % of its time.";
        assert!(
            little.starts_with("disk and memory take equally long within 5 %") && little.ends_with(reason),
            "{little}"
        );
        let much = told(0.5);
        assert!(much.starts_with("disk and memory take equally long") && !much.contains("because"), "{much}");
    }

    #[test]
    fn recoveries_are_told_of_the_modes_that_had_any() {
        let mut comparison = comparison([&[1.0], &[], &[]]);
        let mut recovered = comparison.runs[0].clone();
        recovered.report.recoveries = [(Retry, 0.2), (Rerun, 0.1)].map(recovery).to_vec();
        comparison.add(recovered, "memory", 0);
        let expected = "Recoveries in memory: 1 attempt tried again, 1 map output made again; 0.300 s of workers lost.";
        assert_eq!(sentences(&comparison)[1..], [expected]);
    }

    #[test]
    fn a_mode_alone_is_not_judged() {
        assert!(verdict(&[1.0; 3], &[], &[]).is_empty());
        assert_eq!(verdict(&[1.0; 3], &[], &[0.5; 3]).len(), 1);
    }
}
