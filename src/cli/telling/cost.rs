//! The answers to the questions that other programs bring along, in sentences.

use crate::cli::figures::{bytes, counted, seconds};
use crate::cli::telling::cause;
use crate::cli::telling::fact::Fact;
use crate::cli::telling::relation;
use crate::measure::analysis::cause::CauseEntry;
use crate::measure::analysis::cost::{
    Costs, Crossing, FrameworkCost, Limit, Payoff, Pays, ProcessorCost, ProcessorsToBeatOneThread, Rivals, Simplest,
    Timed,
};
use crate::measure::analysis::verdict::VerdictKind;
use crate::measure::comparison::Comparison;

/// The facts that the runs of modes and alternatives support; none where no alternative was asked for.
pub fn facts(comparison: &Comparison) -> Vec<Fact> {
    Costs::of(comparison).map_or(Vec::new(), |costs| of(&costs))
}

fn of(costs: &Costs) -> Vec<Fact> {
    let Costs { rivals, simplest, processors, pays } = costs;
    let rivals = rivals.iter().map(rivals_fact);
    let simplest = simplest.iter().map(|simplest| {
        Fact::new("the simplest tool that is enough", self::simplest(simplest)).with("tools", simplest)
    });
    let pays = pays.iter().map(|pays| Fact::new("whether a framework pays", self::pays(pays)).with("payoffs", pays));
    let processors = processors.iter().map(|processors| {
        Fact::new("processors that beat one thread", self::processors(processors)).with("cost", processors)
    });
    rivals.chain(simplest).chain(pays).chain(processors).collect()
}

/// `spark takes 1.51× as long as hadoop [1.40, 1.63] (35.0 s against 23.2 s, start-up included), because …`
fn rivals_fact(rivals: &Rivals) -> Fact {
    let Rivals { slower, faster, verdict, explanation } = rivals;
    let medians = format!("{} against {}, start-up included", seconds(slower.seconds), seconds(faster.seconds));
    let sentence = relation::words(verdict, &slower.name, &faster.name, &medians);
    let causes = explanation.iter().flat_map(|explanation| explanation.entries()).collect::<Vec<CauseEntry>>();
    let sentence = cause::after(&sentence, explanation.as_ref());
    Fact::new("one cluster framework against another", sentence).with("verdict", verdict).with("causes", causes)
}

fn simplest(simplest: &Simplest) -> String {
    let Simplest { fastest, tool, others, nearest, limit } = simplest;
    let limit = limit.as_ref().map_or(String::new(), |limit| format!(" {}", self::limit(limit)));
    let Some(tool) = tool else {
        return format!(
            "No tool without a framework is fast enough here, within a second or twice the time of the fastest, {}: the nearest \
             is {}, start-up included.{limit}",
            timed(fastest),
            timed(nearest)
        );
    };
    let why = match () {
        () if tool == fastest => "and the fastest of all".to_owned(),
        () if tool.seconds <= 1.0 => format!("under a second; the fastest is {}", timed(fastest)),
        () => format!("at most twice the time of the fastest, {}", timed(fastest)),
    };
    let others: Vec<String> = others.iter().map(timed).collect();
    let others = match others.len() {
        0 => String::new(),
        1 => format!(" {} is fast enough, too.", list(&others)),
        _ => format!(" {} are fast enough, too.", list(&others)),
    };
    format!("The simplest tool that is fast enough here is {}, start-up included: {why}.{others}{limit}", timed(tool))
}

/// `awk is fast enough up to 64.0 MiB, and no longer at 256 MiB (3 sizes were measured).`
fn limit(limit: &Limit) -> String {
    let Limit { tool, enough_bytes, too_slow_bytes, sizes } = limit;
    match too_slow_bytes {
        None => format!("{tool} is fast enough at each of the {sizes} sizes that were measured."),
        Some(too_slow) => format!(
            "{tool} is fast enough up to {}, and no longer at {} ({sizes} sizes were measured).",
            bytes(*enough_bytes),
            bytes(*too_slow)
        ),
    }
}

fn processors(costs: &ProcessorsToBeatOneThread) -> String {
    let frameworks: Vec<String> = costs.frameworks.iter().map(cost_of).collect();
    format!(
        "Start-up apart, one thread ({}) takes {}: {}.",
        costs.thread,
        seconds(costs.thread_seconds),
        frameworks.join("; ")
    )
}

fn cost_of(framework: &FrameworkCost) -> String {
    let FrameworkCost { name, cost, seconds: time } = framework;
    let time = seconds(*time);
    let with = |processors: u64| counted(processors, "processor");
    match cost {
        ProcessorCost::Beats(processors) => format!("{name} takes less from {} on ({time})", with(*processors)),
        ProcessorCost::Level(processors) => format!("{name} takes as long with {} ({time})", with(*processors)),
        ProcessorCost::Undecided(processors) => {
            format!("whether {name} takes less with {} ({time}) is undecided", with(*processors))
        }
        ProcessorCost::MoreThan { given, perfectly } => format!(
            "{name} takes longer with {} ({time}), and would need {perfectly} if it scaled perfectly",
            with(*given)
        ),
    }
}

fn pays(pays: &Pays) -> String {
    let Pays { simple, frameworks, sizes } = pays;
    let named = |wanted: &dyn Fn(&Payoff) -> bool| {
        frameworks.iter().filter(|payoff| wanted(payoff)).map(|payoff| timed(&payoff.framework)).collect::<Vec<_>>()
    };
    let of_kind = |kind: VerdictKind| named(&|payoff| payoff.verdict == Some(kind) && !payoff.pays(simple));
    let groups = [
        (named(&|payoff| payoff.pays(simple)), "pays", "pay"),
        (of_kind(VerdictKind::Different), "does not pay", "do not pay"),
        (of_kind(VerdictKind::Equivalent), "takes as long", "take as long"),
    ];
    let groups = groups.iter().filter(|(names, ..)| !names.is_empty());
    let decided =
        groups.map(|(names, one, several)| format!("{} {}", list(names), if names.len() == 1 { one } else { several }));
    let undecided = named(&|payoff| matches!(payoff.verdict, None | Some(VerdictKind::Undecided)));
    let undecided = (!undecided.is_empty()).then(|| format!("it is undecided whether {} would", list(&undecided)));
    let groups: Vec<String> = decided.chain(undecided.map(|text| text + " pay")).collect();
    let crossings: Vec<String> = frameworks
        .iter()
        .filter_map(|payoff| Some(format!("{} {}", payoff.framework.name, place(payoff.crossing?))))
        .collect();
    let crossings = match crossings.is_empty() {
        true => String::new(),
        false => format!(" By lines through {sizes} sizes, {}.", crossings.join("; ")),
    };
    format!(
        "Against {}, the fastest tool without a framework, start-up included: {}.{crossings}",
        timed(simple),
        groups.join("; ")
    )
}

fn place(crossing: Crossing) -> String {
    match crossing {
        Crossing::Always => "pays at every size".to_owned(),
        Crossing::Never => "pays at no size".to_owned(),
        Crossing::From(size) => format!("pays from {} on", bytes(size.ceil() as u64)),
        Crossing::UpTo(size) => format!("pays only up to {}", bytes(size as u64)),
    }
}

/// `duckdb (1.30 s)`.
fn timed(tool: &Timed) -> String {
    format!("{} ({})", tool.name, seconds(tool.seconds))
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
    use crate::measure::analysis::cost::tests::{at_sizes, framework, measured, tool};
    use crate::measure::analysis::tools::{Answers, Tool};
    use crate::measure::analysis::verdict::Rules;
    use crate::measure::mode::RunMode;

    fn told(own: &[Tool], fewer: &[Tool], sizes: &[(u64, Vec<Tool>)]) -> Vec<String> {
        let costs = Costs::about(own, fewer, sizes, Rules::default());
        costs.map_or(Vec::new(), |costs| of(&costs).iter().map(|fact| fact.text().to_owned()).collect())
    }

    #[test]
    fn each_question_has_its_sentence() {
        let expected = [
            "spark takes 2.14× as long as tez [2.14, 2.14] (15.0 s against 7.00 s, start-up included), because it took 9.00 s \
             of processor time, and tez 1.00 s: all of the 8.00 s.",
            "The simplest tool that is fast enough here is duckdb (1.30 s), start-up included: at most twice the time of the \
             fastest, memory (0.700 s).",
            "Against duckdb (1.30 s), the fastest tool without a framework, start-up included: memory (0.700 s) pays; spark \
             (15.0 s) and tez (7.00 s) do not pay.",
            "Start-up apart, one thread (reference) takes 2.00 s: memory takes less from 1 processor on (0.900 s); disk takes as \
             long with 2 processors (2.00 s); spark takes longer with 2 processors (9.00 s), and would need 10 if it scaled \
             perfectly; tez takes less from 2 processors on (1.00 s).",
        ];
        let fewer = Tool { processors: 1, ..framework("memory", Some(RunMode::Memory), 0.2, 0.9) };
        assert_eq!(told(&measured(), &[fewer], &[]), expected);
    }

    #[test]
    fn three_sizes_say_where_a_tool_is_enough_and_a_framework_pays() {
        let tools = [tool("awk", 0.0, 0.8), framework("spark", None, 0.5, 0.1)];
        let told = told(&tools, &[], &at_sizes(&tools, [1.0, 4.0, 16.0]));
        let enough = "The simplest tool that is fast enough here is awk (0.800 s), start-up included: under a second; the fastest is \
                      spark (0.600 s). awk is fast enough up to 100 MiB, and no longer at 400 MiB (3 sizes were measured).";
        let pays = "Against awk (0.800 s), the fastest tool without a framework, start-up included: spark (0.600 s) pays. By lines \
                    through 3 sizes, spark pays from 71.4 MiB on.";
        assert_eq!(told[..2], [enough, pays]);
    }

    #[test]
    fn wrong_answers_are_no_measure() {
        let mut tools = measured();
        tools[1].answer = Answers::Differ;
        tools[3].answer = Answers::None;
        let told = told(&tools, &[], &[]);
        assert!(
            told.iter().all(|sentence| !sentence.contains("reference") && !sentence.contains("duckdb")),
            "{told:?}"
        );
        let nearest = "No tool without a framework is fast enough here, within a second or twice the time of the fastest, memory \
                       (0.700 s): the nearest is awk (10.0 s), start-up included.";
        assert_eq!(told[1], nearest);
        assert!(
            told[3].starts_with("Start-up apart, one thread (awk) takes 10.0 s: memory takes less from 2"),
            "{told:?}"
        );
    }

    #[test]
    fn two_rounds_decide_nothing() {
        let mut tools = measured();
        tools.iter_mut().for_each(|tool| {
            tool.times.truncate(2);
            tool.totals.truncate(2);
        });
        let told = told(&tools, &[], &[]);
        assert!(
            told[2].ends_with("undecided whether memory (0.700 s), spark (15.0 s) and tez (7.00 s) would pay."),
            "{told:?}"
        );
        assert!(told[3].contains("whether spark takes less with 2 processors (9.00 s) is undecided"), "{told:?}");
    }
}
