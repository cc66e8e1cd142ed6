//! The tools that are enough, and the size from which on a framework pays, in sentences.

use crate::cli::figures::{bytes, counted, seconds};
use crate::measure::analysis::cost::{
    AtOnce, Basis, Costs, Crossing, Enough, FrameworkCost, Pays, ProcessorCost, ProcessorsToBeatOneThread, Timed,
};
use crate::measure::comparison::Comparison;

/// Most tools that a sentence names.
const MOST_NAMED: usize = 5;

/// The sentences that the runs of modes and alternatives support; none where no alternative was asked for.
pub fn sentences(comparison: &Comparison) -> Vec<String> {
    Costs::of(comparison).map_or(Vec::new(), |costs| of(&costs))
}

fn of(costs: &Costs) -> Vec<String> {
    let Costs { enough, at_once, processors, pays } = costs;
    let sentences = [
        enough.as_ref().map(self::enough),
        at_once.as_ref().map(within_a_second),
        processors.as_ref().map(self::processors),
        pays.as_ref().and_then(self::pays),
    ];
    sentences.into_iter().flatten().collect()
}

fn enough(enough: &Enough) -> String {
    let Enough { fastest, by_framework, quick, nearest } = enough;
    let time = |tool: &Timed| format!("{} ({})", tool.name, seconds(tool.seconds));
    let quick: Vec<String> = quick.iter().map(time).collect();
    match (quick.is_empty(), by_framework) {
        (true, _) => format!(
            "No tool without a framework is within a second or twice the time of {}, start-up included; the nearest is {}.",
            time(fastest),
            time(nearest)
        ),
        (false, false) => format!("Enough here, start-up included: {}.", list(&quick)),
        (false, true) => {
            format!("Enough here, start-up included: {}; the fastest is {}.", list(&quick), time(fastest))
        }
    }
}

fn within_a_second(at_once: &AtOnce) -> String {
    let named = at_once.tools.iter().take(MOST_NAMED);
    let named: Vec<String> = named.map(|(name, size)| format!("{name} up to {}", bytes(*size as u64))).collect();
    format!("Within a second, start-up included: {} ({}).", list(&named), basis(at_once.basis))
}

fn processors(costs: &ProcessorsToBeatOneThread) -> String {
    let frameworks: Vec<String> = costs.frameworks.iter().map(cost_of).collect();
    let caveat = if costs.too_few_rounds { "; fewer than three rounds do not tell that from noise" } else { "" };
    format!(
        "Fewest processors that beat one thread ({}, {} of work): {}{caveat}.",
        costs.thread,
        seconds(costs.thread_seconds),
        list(&frameworks)
    )
}

fn cost_of(framework: &FrameworkCost) -> String {
    let FrameworkCost { name, cost, seconds: time } = framework;
    let time = seconds(*time);
    match cost {
        ProcessorCost::Beats(processors) => format!("{name} {processors} ({time})"),
        ProcessorCost::Level(processors) => format!("{name} is level with it on {processors} ({time})"),
        ProcessorCost::Undecided(processors) => format!("undecided for {name} on {processors} ({time})"),
        ProcessorCost::MoreThan { given, perfectly } => {
            format!("{name} more than {given} ({time}; {perfectly} if it scaled perfectly)")
        }
    }
}

/// `None` where nothing is known of any.
fn pays(pays: &Pays) -> Option<String> {
    let mut parts: Vec<String> = pays
        .frameworks
        .iter()
        .filter_map(|(name, crossing)| Some(format!("{name} pays {}", place(*crossing)?)))
        .collect();
    let never = pays.frameworks.iter().filter(|(_, crossing)| *crossing == Crossing::Never);
    let never: Vec<String> = never.map(|(name, _)| name.clone()).collect();
    if !never.is_empty() {
        let verb = if never.len() == 1 { "pays" } else { "pay" };
        parts.push(format!("{} never {verb} with {}", list(&never), counted(pays.processors, "processor")));
    }
    (!parts.is_empty())
        .then(|| format!("Start-up included, against that thread, {} ({}).", parts.join("; "), basis(pays.basis)))
}

/// Names the sizes, if there are any.
fn place(crossing: Crossing) -> Option<String> {
    match crossing {
        Crossing::Always => Some("at every size".to_owned()),
        Crossing::Never => None,
        Crossing::From(size) => Some(format!("from {} on", bytes(size.ceil() as u64))),
        Crossing::UpTo(size) => Some(format!("only up to {}", bytes(size as u64))),
    }
}

fn basis(basis: Basis) -> String {
    match basis {
        Basis::OneSize => "estimated from one size, as if all work grew with it; --scale measures others".to_owned(),
        Basis::Lines(sizes) => format!("by lines through {sizes} sizes"),
    }
}

/// `a`, `a and b`, `a, b and c`.
fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::analysis::cost::tests::{MIB, framework, measured, tool};
    use crate::measure::analysis::tools::{Answers, Tool};
    use crate::measure::analysis::verdict::Rules;
    use crate::measure::mode::RunMode;

    fn told(own: &[Tool], fewer: &[Tool], others: &[Vec<Tool>], rules: Rules) -> Vec<String> {
        Costs::about(own, fewer, others, rules).map_or(Vec::new(), |costs| of(&costs))
    }

    #[test]
    fn what_is_enough_and_what_pays_is_told_from_one_size() {
        let expected = [
            "Enough here, start-up included: duckdb (1.30 s); the fastest is memory (0.700 s).",
            "Within a second, start-up included: duckdb up to 70.0 MiB, reference up to 50.0 MiB and awk up to 10.0 MiB \
             (estimated from one size, as if all work grew with it; --scale measures others).",
            "Fewest processors that beat one thread (reference, 2.00 s of work): memory 1 (0.900 s), disk is level with \
             it on 2 (2.00 s), spark more than 2 (9.00 s; 10 if it scaled perfectly) and tez 2 (1.00 s).",
            "Start-up included, against that thread, memory pays from 13.3 MiB on; tez pays from 600 MiB on; spark never pays \
             with 2 processors (estimated from one size, as if all work grew with it; --scale measures others).",
        ];
        let fewer = Tool { processors: 1, ..framework("memory", Some(RunMode::Memory), 0.2, 0.9) };
        assert_eq!(told(&measured(), &[fewer], &[], Rules::default()), expected);
    }

    #[test]
    fn several_sizes_give_a_line() {
        // Spark's work has a part that is paid once: 8.9 s, and 1 ms a MiB.
        let larger = [tool("reference", 0.0, 20.0), framework("spark", None, 6.0, 9.8)]
            .map(|tool| Tool { input_bytes: 1000.0 * MIB, ..tool });
        let sentences = told(
            &[tool("reference", 0.0, 2.0), framework("spark", None, 6.0, 9.0)],
            &[],
            &[larger.to_vec()],
            Rules::default(),
        );
        let crossing = 14.911_111_1 / ((20.0 - 2.0) / 900.0 - 0.8 / 900.0);
        let expected = format!("spark pays from {} on (by lines through 2 sizes).", bytes((crossing * MIB) as u64));
        assert!(sentences.last().unwrap().ends_with(&expected), "{sentences:?} {expected}");
    }

    #[test]
    fn wrong_answers_are_no_measure() {
        let mut tools = measured();
        tools[1].answer = Answers::Differ;
        tools[3].answer = Answers::None;
        let sentences = told(&tools, &[], &[], Rules::default());
        assert!(
            sentences.iter().all(|sentence| !sentence.contains("reference") && !sentence.contains("duckdb")),
            "{sentences:?}"
        );
        assert!(
            sentences[2].starts_with("Fewest processors that beat one thread (awk, 10.0 s of work): memory 2"),
            "{sentences:?}"
        );
        let nearest = "No tool without a framework is within a second or twice the time of memory (0.700 s), start-up included; \
                       the nearest is awk (10.0 s).";
        assert_eq!(sentences[0], nearest);
    }

    #[test]
    fn two_rounds_beat_nobody() {
        let tools = measured()
            .into_iter()
            .map(|mut tool| {
                tool.times.truncate(2);
                tool
            })
            .collect::<Vec<_>>();
        assert!(
            told(&tools, &[], &[], Rules::default())[2]
                .ends_with("; fewer than three rounds do not tell that from noise.")
        );
    }

    #[test]
    fn modes_alone_are_left_to_the_verdict() {
        let tools = [framework("memory", Some(RunMode::Memory), 0.0, 0.5)];
        assert!(told(&tools, &[], &[], Rules::default()).is_empty());
    }
}
