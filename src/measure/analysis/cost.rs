//! The tools that are enough for a job, and the cost of a framework before it pays.
//!
//! The configuration that outperforms a single thread, or COST, is McSherry, Isard and Murray's measure of a parallel system
//! (*Scalability! But at what COST?*, HotOS 2015): the processors it needs before it is faster than a competent program on
//! one. Here the single thread is the fastest of those that were measured, the job's reference among them, and COST is about
//! work, start-up apart.
//!
//! A user waits for start-up as well. The whole time of a tool is `start-up + once + each × size`: a line of least
//! squares through the sizes that were measured or, where it was only one, work in proportion to size. Every sentence
//! that goes beyond the measured sizes says which of the two it is based on.

use std::cmp::Ordering;

use crate::measure::analysis::tools::{Tool, fastest_mode, on_input, tools, with_fewer_workers};
use crate::measure::analysis::verdict::{Rules, Verdict, VerdictKind};
use crate::measure::comparison::Comparison;
use crate::measure::paired::FEWEST_ROUNDS;
use crate::measure::plan::growth::Growth;
use crate::measure::statistics::line;

/// A tool is enough if it takes at most so many times as long as the fastest.
const ENOUGH_TIMES: f64 = 2.0;
/// A tool that takes no longer is enough, however fast others are: the limit of an uninterrupted flow of thought
/// (Nielsen, *Usability Engineering*, 1993, chapter 5).
const ENOUGH_SECONDS: f64 = 1.0;
/// Least size at which a crossing of curves counts, as a part of the smallest size that was measured: below it, their
/// difference in start-up is noise.
const LEAST_CROSSING: f64 = 0.01;

/// The conclusions about costs that the runs of modes and alternatives support.
#[derive(Clone, Debug)]
pub struct Costs {
    /// The tools without a framework that are quick enough on this input.
    pub enough: Option<Enough>,
    /// The sizes up to which the tools without a framework answer at once.
    pub at_once: Option<AtOnce>,
    /// Each framework's COST, as far as it is known.
    pub processors: Option<ProcessorsToBeatOneThread>,
    /// The size from which on each framework pays.
    pub pays: Option<Pays>,
}

/// A tool and the time that its user waits.
#[derive(Clone, Debug, PartialEq)]
pub struct Timed {
    /// The tool.
    pub name: String,
    /// Start-up and work.
    pub seconds: f64,
}

/// The tools without a framework that take at most a second, or twice the time of the fastest tool.
#[derive(Clone, Debug)]
pub struct Enough {
    /// The fastest of all.
    pub fastest: Timed,
    /// Whether that is a framework.
    pub by_framework: bool,
    /// Those that are quick enough, the fastest first.
    pub quick: Vec<Timed>,
    /// The fastest without a framework.
    pub nearest: Timed,
}

/// The sizes up to which tools answer within a second.
#[derive(Clone, Debug)]
pub struct AtOnce {
    /// A tool and the largest such input in bytes, the largest first.
    pub tools: Vec<(String, f64)>,
    /// The basis of that.
    pub basis: Basis,
}

/// The basis of a statement about other sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// One size, as if all work grew with it.
    OneSize,
    /// Lines through so many sizes.
    Lines(usize),
}

/// The fewest processors with which each framework beats one thread.
#[derive(Clone, Debug)]
pub struct ProcessorsToBeatOneThread {
    /// The fastest tool on one thread.
    pub thread: String,
    /// Its work.
    pub thread_seconds: f64,
    /// Each framework.
    pub frameworks: Vec<FrameworkCost>,
    /// Whether there were too few rounds to tell that from noise.
    pub too_few_rounds: bool,
}

/// A framework against one thread.
#[derive(Clone, Debug)]
pub struct FrameworkCost {
    /// The framework.
    pub name: String,
    /// The processors that it needs.
    pub cost: ProcessorCost,
    /// Its work.
    pub seconds: f64,
}

/// The fewest processors with which a framework beats one thread, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessorCost {
    /// So many.
    Beats(u64),
    /// It is as fast with these, which are all there were, within the margin.
    Level(u64),
    /// The runs with these, which are all there were, do not tell whether it is faster.
    Undecided(u64),
    /// More than all there were.
    MoreThan {
        /// Those that it was given.
        given: u64,
        /// Those that it would take if it scaled perfectly.
        perfectly: u64,
    },
}

/// The sizes from which on frameworks pay against one thread, start-up included.
#[derive(Clone, Debug)]
pub struct Pays {
    /// Each framework; of twinmill's modes only the fastest.
    pub frameworks: Vec<(String, Crossing)>,
    /// Processors that they have.
    pub processors: u64,
    /// The basis of that.
    pub basis: Basis,
}

impl Costs {
    /// The costs in a comparison; `None` where no alternative was asked for.
    pub fn of(comparison: &Comparison) -> Option<Self> {
        let others = comparison.growths.iter().flat_map(Growth::scaled_inputs);
        let others: Vec<Vec<Tool>> = others.map(|other| on_input(comparison, &other.suffix, other.bytes)).collect();
        Costs::about(&tools(comparison), &with_fewer_workers(comparison), &others, comparison.settings.rules())
    }

    /// The costs of the tools on the comparison's input, `own`, of some of them on fewer processors, and on other
    /// sizes.
    pub(crate) fn about(own: &[Tool], fewer: &[Tool], others: &[Vec<Tool>], rules: Rules) -> Option<Self> {
        if own.iter().all(|tool| tool.mode.is_some()) {
            return None;
        }
        let curves: Vec<Curve> =
            own.iter().filter(|tool| tool.does_the_job()).map(|tool| Curve::of(tool, others)).collect();
        Some(Costs {
            enough: Enough::of(own),
            at_once: AtOnce::of(&curves),
            processors: ProcessorsToBeatOneThread::of(own, fewer, rules),
            pays: Pays::of(own, &curves),
        })
    }
}

impl Timed {
    fn of(tool: &Tool) -> Self {
        Timed { name: tool.name.clone(), seconds: tool.total_seconds() }
    }
}

impl Enough {
    fn of(tools: &[Tool]) -> Option<Self> {
        let mut able: Vec<&Tool> = tools.iter().filter(|tool| tool.does_the_job()).collect();
        able.sort_by(|a, b| a.total_seconds().total_cmp(&b.total_seconds()));
        let fastest = *able.first()?;
        let simple: Vec<&Tool> = able.iter().copied().filter(|tool| !tool.framework).collect();
        let limit = (ENOUGH_TIMES * fastest.total_seconds()).max(ENOUGH_SECONDS);
        Some(Enough {
            fastest: Timed::of(fastest),
            by_framework: fastest.framework,
            quick: simple.iter().filter(|tool| tool.total_seconds() <= limit).map(|tool| Timed::of(tool)).collect(),
            nearest: Timed::of(simple.first()?),
        })
    }
}

impl AtOnce {
    fn of(curves: &[Curve<'_>]) -> Option<Self> {
        let mut limits: Vec<(f64, &Curve)> = curves
            .iter()
            .filter(|curve| !curve.tool.framework)
            .filter_map(|curve| Some((curve.size_within(ENOUGH_SECONDS)?, curve)))
            .collect();
        limits.sort_by(|a, b| b.0.total_cmp(&a.0));
        let basis = limits.first()?.1.basis();
        Some(AtOnce { tools: limits.iter().map(|(size, curve)| (curve.tool.name.clone(), *size)).collect(), basis })
    }
}

impl ProcessorsToBeatOneThread {
    fn of(tools: &[Tool], fewer: &[Tool], rules: Rules) -> Option<Self> {
        let alone = one_thread(tools)?;
        let frameworks: Vec<_> = frameworks(tools).map(|tool| FrameworkCost::of(tool, fewer, alone, rules)).collect();
        (!frameworks.is_empty()).then(|| ProcessorsToBeatOneThread {
            thread: alone.name.clone(),
            thread_seconds: alone.work.median,
            frameworks,
            too_few_rounds: alone.times.len() < FEWEST_ROUNDS,
        })
    }
}

impl FrameworkCost {
    /// The cost of a framework, `tool` on all processors and those of the same name in `fewer`, against one thread.
    fn of(tool: &Tool, fewer: &[Tool], alone: &Tool, rules: Rules) -> Self {
        let mut tried: Vec<&Tool> = fewer.iter().filter(|other| other.name == tool.name).chain([tool]).collect();
        tried.sort_by_key(|tool| tool.processors);
        let of = |cost, tried: &Tool| FrameworkCost { name: tool.name.clone(), cost, seconds: tried.work.median };
        let given = tool.processors;
        let beats = tried.into_iter().find(|tried| against(tried, alone, rules) == Some(Ordering::Less));
        if let Some(beats) = beats {
            return of(ProcessorCost::Beats(beats.processors), beats);
        }
        match against(tool, alone, rules) {
            None => return of(ProcessorCost::Undecided(given), tool),
            Some(Ordering::Equal) => return of(ProcessorCost::Level(given), tool),
            Some(_) => {}
        }
        // Strictly more than are needed to be level.
        let perfectly = ((given as f64 * tool.work.median / alone.work.median).floor() as u64).saturating_add(1);
        of(ProcessorCost::MoreThan { given, perfectly }, tool)
    }
}

impl Pays {
    fn of(tools: &[Tool], curves: &[Curve<'_>]) -> Option<Self> {
        let curve = |tool: &Tool| curves.iter().find(|curve| curve.tool.name == tool.name);
        let alone = curve(one_thread(tools)?)?;
        let fastest = fastest_mode(tools).map(|tool| tool.name.as_str());
        let rivals: Vec<&Tool> = frameworks(tools)
            .filter(|tool| tool.mode.is_none() || Some(tool.name.as_str()) == fastest)
            .filter(|tool| curve(tool).is_some())
            .collect();
        let processors = rivals.first()?.processors;
        let crossings =
            rivals.iter().filter_map(|tool| Some((tool.name.clone(), curve(tool)?.crossing(alone)))).collect();
        Some(Pays { frameworks: crossings, processors, basis: alone.basis() })
    }
}

/// The work of one against that of the other: `Equal` within the margin, `None` where that is undecided. Too few rounds for a
/// verdict are compared by their medians, and the sentence says so.
fn against(tool: &Tool, other: &Tool, rules: Rules) -> Option<Ordering> {
    let rounds = tool.paired_times(other);
    let medians = tool.work.median.total_cmp(&other.work.median);
    if rounds.len() < FEWEST_ROUNDS {
        return Some(medians);
    }
    let verdict = Verdict::of((&tool.name, &other.name), &rounds, rules)?;
    match verdict.kind {
        VerdictKind::Different => Some(verdict.ratio.total_cmp(&1.0)),
        VerdictKind::Equivalent => Some(Ordering::Equal),
        VerdictKind::Undecided => None,
    }
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
    /// Seconds whatever the size: start-up, and the part of the work that is done once.
    once: f64,
    /// Seconds a byte.
    each: f64,
    /// Sizes that were measured.
    sizes: usize,
    /// The smallest of them.
    smallest_bytes: f64,
}

/// The size at which one curve gets below another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Crossing {
    /// At every size.
    Always,
    /// At none.
    Never,
    /// In bytes.
    From(f64),
    /// In bytes; the size up to which a head start lasts.
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

    fn basis(&self) -> Basis {
        if self.sizes == 1 { Basis::OneSize } else { Basis::Lines(self.sizes) }
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::measure::analysis::tools::Answers;
    use crate::measure::mode::RunMode;
    use crate::measure::statistics::Spread;

    /// Bytes.
    pub const MIB: f64 = 1048576.0;

    /// A tool on one processor that is no framework.
    pub fn tool(name: &str, startup_seconds: f64, work: f64) -> Tool {
        Tool {
            name: name.into(),
            mode: None,
            version: None,
            framework: false,
            processors: 1,
            input_bytes: 100.0 * MIB,
            times: (0..3).map(|round| (round, work)).collect(),
            work: Spread::of([work]),
            startup_seconds,
            cpu_seconds: work,
            peak_rss_bytes: 0.0,
            answer: Answers::Equal(0.0),
        }
    }

    /// A framework on two processors.
    pub fn framework(name: &str, mode: Option<RunMode>, startup_seconds: f64, work: f64) -> Tool {
        Tool { mode, framework: true, processors: 2, ..tool(name, startup_seconds, work) }
    }

    /// Tools of every kind.
    pub fn measured() -> Vec<Tool> {
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

    #[test]
    fn two_rounds_beat_nobody() {
        let mut tools = measured();
        tools.iter_mut().for_each(|tool| tool.times.truncate(2));
        assert!(Costs::about(&tools, &[], &[], Rules::default()).unwrap().processors.unwrap().too_few_rounds);
    }
}
