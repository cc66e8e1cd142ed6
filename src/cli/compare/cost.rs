//! Which tool is enough, and what a framework costs before it pays.
//!
//! The configuration that outperforms a single thread, or COST, is McSherry, Isard and Murray's measure of a parallel system
//! (*Scalability! But at what COST?*, HotOS 2015): the processors it needs before it is faster than a competent program on
//! one. Here the single thread is the fastest of those that were measured, the job's reference among them, and COST is about
//! work, start-up apart.
//!
//! A user waits for start-up as well. What a tool takes in all is `start-up + once + each × size`: a line of least squares
//! through the sizes that were measured or, where it was only one, work in proportion to size. Every sentence that goes
//! beyond the measured sizes says which of the two it rests on.

use std::cmp::Ordering;

use crate::cli::compare::alternatives::tools::{Tool, fastest_mode, on_input, tools, with_fewer_workers};
use crate::cli::compare::comparison::Comparison;
use crate::cli::compare::growth::{Growth, line};
use crate::cli::compare::interval::{is_beyond_noise, ratio_of_medians};
use crate::cli::compare::verdict::FEWEST_ROUNDS;
use crate::cli::figures::{bytes, counted, seconds};

/// How many times as long as the fastest a tool may take and be enough.
const ENOUGH_TIMES: f64 = 2.0;
/// A wait that nobody minds: what takes no longer is enough, however fast others are. The limit of an uninterrupted flow of
/// thought (Nielsen, *Usability Engineering*, 1993, chapter 5).
const ENOUGH_SECONDS: f64 = 1.0;
/// Where curves cross at a smaller part of the smallest size that was measured, their difference in start-up is noise.
const LEAST_CROSSING: f64 = 0.01;
/// Most tools that a sentence names.
const MOST_NAMED: usize = 5;

/// What the runs of modes and alternatives allow to be said; nothing where no alternative was asked for.
pub fn sentences(comparison: &Comparison) -> Vec<String> {
    let own = tools(comparison);
    let others = comparison.growths.iter().flat_map(Growth::scaled_inputs);
    let others: Vec<Vec<Tool>> = others.map(|other| on_input(comparison, &other.suffix, other.bytes)).collect();
    about(&own, &with_fewer_workers(comparison), &others, comparison.settings.seed)
}

/// About the tools on the comparison's input, `own`, some of them on fewer processors, and on other sizes.
fn about(own: &[Tool], fewer: &[Tool], others: &[Vec<Tool>], seed: u64) -> Vec<String> {
    if own.iter().all(|tool| tool.mode.is_some()) {
        return Vec::new();
    }
    let curves: Vec<Curve> =
        own.iter().filter(|tool| tool.does_the_job()).map(|tool| Curve::of(tool, others)).collect();
    [enough(own), within_a_second(&curves), cost(own, fewer, seed), pays(own, &curves)].into_iter().flatten().collect()
}

/// Which tools without a framework are quick enough on this input.
fn enough(tools: &[Tool]) -> Option<String> {
    let mut able: Vec<&Tool> = tools.iter().filter(|tool| tool.does_the_job()).collect();
    able.sort_by(|a, b| a.total_seconds().total_cmp(&b.total_seconds()));
    let fastest = *able.first()?;
    let time = |tool: &Tool| format!("{} ({})", tool.name, seconds(tool.total_seconds()));
    let simple: Vec<&Tool> = able.iter().copied().filter(|tool| !tool.framework).collect();
    let limit = (ENOUGH_TIMES * fastest.total_seconds()).max(ENOUGH_SECONDS);
    let quick: Vec<String> =
        simple.iter().filter(|tool| tool.total_seconds() <= limit).map(|tool| time(tool)).collect();
    Some(match simple.first() {
        None => return None,
        Some(first) if quick.is_empty() => format!(
            "No tool without a framework is within a second or twice the time of {}, start-up included; the nearest is {}.",
            time(fastest),
            time(first)
        ),
        Some(_) if !fastest.framework => format!("Enough here, start-up included: {}.", list(&quick)),
        Some(_) => format!("Enough here, start-up included: {}; the fastest is {}.", list(&quick), time(fastest)),
    })
}

/// Up to which size the tools without a framework answer at once.
fn within_a_second(curves: &[Curve<'_>]) -> Option<String> {
    let mut limits: Vec<(f64, &Curve)> = curves
        .iter()
        .filter(|curve| !curve.tool.framework)
        .filter_map(|curve| Some((curve.size_within(ENOUGH_SECONDS)?, curve)))
        .collect();
    limits.sort_by(|a, b| b.0.total_cmp(&a.0));
    let named: Vec<String> = limits
        .iter()
        .take(MOST_NAMED)
        .map(|(size, curve)| format!("{} up to {}", curve.tool.name, bytes(*size as u64)))
        .collect();
    let (_, first) = limits.first()?;
    Some(format!("Within a second, start-up included: {} ({}).", list(&named), first.basis()))
}

/// What each framework's COST is known to be.
fn cost(tools: &[Tool], fewer: &[Tool], seed: u64) -> Option<String> {
    let alone = one_thread(tools)?;
    let parts: Vec<String> = frameworks(tools).map(|tool| cost_of(tool, fewer, alone, seed)).collect();
    let time = seconds(alone.work.median);
    let caveat = match alone.times.len() < FEWEST_ROUNDS {
        true => "; fewer than three rounds do not tell that from noise",
        false => "",
    };
    (!parts.is_empty()).then(|| {
        format!(
            "Processors that it takes to beat one thread ({}, {time} of work): {}{caveat}.",
            alone.name,
            list(&parts)
        )
    })
}

/// The fewest processors with which a framework, `tool` on all and those of the same name in `fewer`, is faster than one
/// thread.
fn cost_of(tool: &Tool, fewer: &[Tool], alone: &Tool, seed: u64) -> String {
    let mut tried: Vec<&Tool> = fewer.iter().filter(|other| other.name == tool.name).chain([tool]).collect();
    tried.sort_by_key(|tool| tool.processors);
    let Tool { name, work, processors, .. } = tool;
    if let Some(beats) = tried.into_iter().find(|tried| slower(tried, alone, seed) == Ordering::Less) {
        return format!("{name} {} ({})", beats.processors, seconds(beats.work.median));
    }
    let time = seconds(work.median);
    if slower(tool, alone, seed) == Ordering::Equal {
        return format!("{name} is level with it on {processors} ({time})");
    }
    // Strictly more than it takes to draw level.
    let needed = ((*processors as f64 * work.median / alone.work.median).floor() as u64).saturating_add(1);
    format!("{name} more than {processors} ({time}; {needed} if it scaled perfectly)")
}

/// Whether the work of one takes longer than that of the other: `Equal` where that may be noise, which too few rounds do not
/// tell.
fn slower(tool: &Tool, other: &Tool, seed: u64) -> Ordering {
    let rounds = tool.paired_times(other);
    match ratio_of_medians(&rounds, seed) {
        Some(ratio) if rounds.len() >= FEWEST_ROUNDS && !is_beyond_noise(ratio) => Ordering::Equal,
        _ => tool.work.median.total_cmp(&other.work.median),
    }
}

/// From which size on each framework pays, start-up included.
fn pays(tools: &[Tool], curves: &[Curve<'_>]) -> Option<String> {
    let curve = |tool: &Tool| curves.iter().find(|curve| curve.tool.name == tool.name);
    let alone = curve(one_thread(tools)?)?;
    let fastest = fastest_mode(tools).map(|tool| tool.name.as_str());
    let rivals = frameworks(tools).filter(|tool| tool.mode.is_none() || Some(tool.name.as_str()) == fastest);
    let crossings: Vec<_> = rivals.filter_map(|tool| Some((tool, curve(tool)?.crossing(alone)))).collect();
    let mut parts: Vec<String> = crossings
        .iter()
        .filter_map(|(tool, crossing)| Some(format!("{} pays {}", tool.name, crossing.tell()?)))
        .collect();
    let never: Vec<String> = crossings
        .iter()
        .filter(|(_, crossing)| *crossing == Crossing::Never)
        .map(|(tool, _)| tool.name.clone())
        .collect();
    if let Some((tool, _)) = crossings.first().filter(|_| !never.is_empty()) {
        let (verb, processors) = (if never.len() == 1 { "pays" } else { "pay" }, counted(tool.processors, "processor"));
        parts.push(format!("{} never {verb} with {processors}", list(&never)));
    }
    (!parts.is_empty())
        .then(|| format!("Start-up included, against that thread, {} ({}).", parts.join("; "), alone.basis()))
}

fn one_thread(tools: &[Tool]) -> Option<&Tool> {
    tools.iter().find(|tool| tool.is_one_thread())
}

/// twinmill's modes and the alternatives that were built for clusters.
fn frameworks(tools: &[Tool]) -> impl Iterator<Item = &Tool> {
    tools.iter().filter(|tool| tool.framework && tool.does_the_job())
}

/// A tool's time in all against size.
struct Curve<'a> {
    tool: &'a Tool,
    /// Seconds whatever the size: start-up and what work has once.
    once: f64,
    /// Seconds a byte.
    each: f64,
    /// Sizes that were measured.
    sizes: usize,
    /// The smallest of them.
    smallest_bytes: f64,
}

/// Where one curve gets below another.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Crossing {
    Always,
    Never,
    /// In bytes.
    From(f64),
    /// In bytes; a head start that is used up.
    UpTo(f64),
}

impl<'a> Curve<'a> {
    fn of(tool: &'a Tool, others: &[Vec<Tool>]) -> Self {
        let others = others.iter().filter_map(|tools| tools.iter().find(|other| other.name == tool.name));
        let points: Vec<(f64, f64)> = others.chain([tool]).map(|tool| (tool.input_bytes, tool.work.median)).collect();
        let (once, each) = line(&points).unwrap_or((0.0, tool.work.median / tool.input_bytes.max(1.0)));
        let smallest_bytes = points.iter().map(|(bytes, _)| *bytes).fold(f64::INFINITY, f64::min);
        Curve { tool, once: tool.startup_seconds + once, each, sizes: points.len(), smallest_bytes }
    }

    /// What a statement about other sizes rests on.
    fn basis(&self) -> String {
        match self.sizes {
            1 => "estimated from one size, as if all work grew with it; --scale measures others".to_owned(),
            sizes => format!("by lines through {sizes} sizes"),
        }
    }

    /// The largest input that takes no longer; `None` where starting takes as long already.
    fn size_within(&self, seconds: f64) -> Option<f64> {
        (self.once < seconds && self.each > 0.0).then(|| (seconds - self.once) / self.each)
    }

    fn crossing(&self, other: &Curve<'_>) -> Crossing {
        if self.each == other.each {
            return if self.once < other.once { Crossing::Always } else { Crossing::Never };
        }
        let at = (self.once - other.once) / (other.each - self.each);
        let matters = at >= LEAST_CROSSING * self.smallest_bytes.min(other.smallest_bytes);
        match (self.once <= other.once, self.each < other.each) {
            (true, true) => Crossing::Always,
            (false, false) => Crossing::Never,
            (false, true) if matters => Crossing::From(at),
            (false, true) => Crossing::Always,
            (true, false) if matters => Crossing::UpTo(at),
            (true, false) => Crossing::Never,
        }
    }
}

impl Crossing {
    /// At which sizes, if at any.
    fn tell(self) -> Option<String> {
        match self {
            Crossing::Always => Some("at every size".to_owned()),
            Crossing::Never => None,
            Crossing::From(size) => Some(format!("from {} on", bytes(size.ceil() as u64))),
            Crossing::UpTo(size) => Some(format!("only up to {}", bytes(size as u64))),
        }
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
    use crate::cli::args::RunMode;
    use crate::cli::compare::alternatives::tools::Answers;
    use crate::cli::compare::spread::Spread;

    const MIB: f64 = 1048576.0;

    /// A tool on one processor that is no framework.
    fn tool(name: &str, startup_seconds: f64, work: f64) -> Tool {
        Tool {
            name: name.into(),
            mode: None,
            version: None,
            framework: false,
            processors: 1,
            input_bytes: 100.0 * MIB,
            times: (0..3).map(|round| (round, work)).collect(),
            work: Spread::of(&[work]),
            startup_seconds,
            cpu_seconds: work,
            peak_rss_bytes: 0.0,
            answer: Answers::Equal(0.0),
        }
    }

    fn framework(name: &str, mode: Option<RunMode>, startup_seconds: f64, work: f64) -> Tool {
        Tool { mode, framework: true, processors: 2, ..tool(name, startup_seconds, work) }
    }

    fn measured() -> Vec<Tool> {
        vec![
            framework("memory", Some(RunMode::Memory), 0.2, 0.5),
            tool("reference", 0.0, 2.0),
            framework("disk", Some(RunMode::Disk), 0.2, 2.0),
            Tool { processors: 2, ..tool("duckdb", 0.3, 1.0) },
            tool("awk", 0.0, 10.0),
            framework("spark", None, 6.0, 9.0),
            framework("tez", None, 6.0, 1.0),
        ]
    }

    #[test]
    fn what_is_enough_and_what_pays_is_told_from_one_size() {
        let expected = [
            "Enough here, start-up included: duckdb (1.30 s); the fastest is memory (0.700 s).",
            "Within a second, start-up included: duckdb up to 70.0 MiB, reference up to 50.0 MiB and awk up to 10.0 MiB \
             (estimated from one size, as if all work grew with it; --scale measures others).",
            "Processors that it takes to beat one thread (reference, 2.00 s of work): memory 1 (0.900 s), disk is level with \
             it on 2 (2.00 s), spark more than 2 (9.00 s; 10 if it scaled perfectly) and tez 2 (1.00 s).",
            "Start-up included, against that thread, memory pays from 13.3 MiB on; tez pays from 600 MiB on; spark never pays \
             with 2 processors (estimated from one size, as if all work grew with it; --scale measures others).",
        ];
        let fewer = Tool { processors: 1, ..framework("memory", Some(RunMode::Memory), 0.2, 0.9) };
        assert_eq!(about(&measured(), &[fewer], &[], 1), expected);
    }

    #[test]
    fn several_sizes_give_a_line() {
        // Spark's work has a part that is paid once: 8.9 s, and 1 ms a MiB.
        let larger = [tool("reference", 0.0, 20.0), framework("spark", None, 6.0, 9.8)]
            .map(|tool| Tool { input_bytes: 1000.0 * MIB, ..tool });
        let told =
            about(&[tool("reference", 0.0, 2.0), framework("spark", None, 6.0, 9.0)], &[], &[larger.to_vec()], 1);
        let crossing = 14.911_111_1 / ((20.0 - 2.0) / 900.0 - 0.8 / 900.0);
        let expected = format!("spark pays from {} on (by lines through 2 sizes).", bytes((crossing * MIB) as u64));
        assert!(told.last().unwrap().ends_with(&expected), "{told:?} {expected}");
    }

    #[test]
    fn wrong_answers_are_no_measure() {
        let mut tools = measured();
        tools[1].answer = Answers::Differ;
        tools[3].answer = Answers::None;
        let told = about(&tools, &[], &[], 1);
        assert!(
            told.iter().all(|sentence| !sentence.contains("reference") && !sentence.contains("duckdb")),
            "{told:?}"
        );
        assert!(
            told[2].starts_with("Processors that it takes to beat one thread (awk, 10.0 s of work): memory 2"),
            "{told:?}"
        );
        let nearest = "No tool without a framework is within a second or twice the time of memory (0.700 s), start-up included; \
                       the nearest is awk (10.0 s).";
        assert_eq!(told[0], nearest);
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
        assert!(about(&tools, &[], &[], 1)[2].ends_with("; fewer than three rounds do not tell that from noise."));
    }

    #[test]
    fn modes_alone_are_left_to_the_verdict() {
        let tools = [framework("memory", Some(RunMode::Memory), 0.0, 0.5)];
        assert!(about(&tools, &[], &[], 1).is_empty());
    }

    #[test]
    fn curves_cross_once_at_most() {
        let curve = |startup: f64, work: f64| tool("", startup, work);
        let crossing = |(a, b): (f64, f64), (c, d): (f64, f64)| {
            Curve::of(&curve(a, b), &[]).crossing(&Curve::of(&curve(c, d), &[]))
        };
        assert_eq!(crossing((0.0, 1.0), (0.0, 2.0)), Crossing::Always);
        assert_eq!(crossing((1.0, 2.0), (0.0, 2.0)), Crossing::Never);
        assert_eq!(crossing((0.0, 2.0), (1.0, 2.0)), Crossing::Always);
        let Crossing::From(size) = crossing((1.0, 1.0), (0.0, 2.0)) else { panic!() };
        assert!((size / (100.0 * MIB) - 1.0).abs() < 1e-9, "{size}");
        let Crossing::UpTo(size) = crossing((0.0, 2.0), (1.0, 1.0)) else { panic!() };
        assert!((size / (100.0 * MIB) - 1.0).abs() < 1e-9, "{size}");
        assert_eq!(crossing((0.009, 1.0), (0.0, 2.0)), Crossing::Always);
        assert_eq!(crossing((0.0, 2.0), (0.009, 1.0)), Crossing::Never);
    }
}
