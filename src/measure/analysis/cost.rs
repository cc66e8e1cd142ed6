//! Answers to the questions that other programs bring along: how the cluster frameworks compare, which tool is enough,
//! what a framework costs, and whether it pays here.
//!
//! 1. [`Rivals`]: each two cluster frameworks, start-up included, by the three verdicts, with the cause.
//! 2. [`Simplest`]: the simplest tool that is fast enough for a person, and the size from which on it no longer is. A size is
//!    named only where three or more were measured.
//! 3. [`ProcessorsToBeatOneThread`]: the configuration that outperforms a single thread, or COST, McSherry, Isard and Murray's
//!    measure of a parallel system (*Scalability! But at what COST?*, HotOS 2015). Here the single thread is the fastest of
//!    those that were measured, the job's reference among them, and COST is about work, start-up apart.
//! 4. [`Pays`]: each framework against the fastest tool without one, start-up included.
//!
//! Each comparison of two tools is a [`Verdict`], so that no two answers contradict each other by chance: what is undecided is
//! said to be undecided.

use serde::Serialize;

use crate::measure::analysis::cause::{Explanation, Program};
use crate::measure::analysis::tools::{Tool, by_size, fastest_mode, tools, with_fewer_workers};
use crate::measure::analysis::verdict::{Rules, Verdict, VerdictKind};
use crate::measure::comparison::Comparison;
use crate::measure::statistics::line;

/// A tool is enough if it takes at most so many times as long as the fastest.
const ENOUGH_TIMES: f64 = 2.0;
/// A tool that takes no longer is enough, however fast others are: the limit of an uninterrupted flow of thought
/// (Nielsen, *Usability Engineering*, 1993, chapter 5).
const ENOUGH_SECONDS: f64 = 1.0;
/// Fewest sizes of the input that say something about other sizes.
const FEWEST_SIZES: usize = 3;

/// The answers that the runs of modes and alternatives support.
#[derive(Clone, Debug)]
pub struct Costs {
    /// Each two cluster frameworks.
    pub rivals: Vec<Rivals>,
    /// The simplest tool that is enough.
    pub simplest: Option<Simplest>,
    /// Each framework's COST, as far as it is known.
    pub processors: Option<ProcessorsToBeatOneThread>,
    /// Whether the frameworks pay.
    pub pays: Option<Pays>,
}

/// A tool and the time that its user waits.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Timed {
    /// The tool.
    pub name: String,
    /// Start-up and work.
    pub seconds: f64,
}

/// Two cluster frameworks.
#[derive(Clone, Debug)]
pub struct Rivals {
    /// The one with the longer median.
    pub slower: Timed,
    /// The other.
    pub faster: Timed,
    /// The verdict on `slower` and `faster`.
    pub verdict: Verdict,
    /// The cause of the difference, where there is one.
    pub explanation: Option<Explanation>,
}

/// The tools without a framework that are fast enough for a person: at most a second, or twice the time of the fastest.
#[derive(Clone, Debug, Serialize)]
pub struct Simplest {
    /// The fastest of all tools.
    pub fastest: Timed,
    /// The simplest that is fast enough; of equally simple ones the fastest. `None` where none is.
    pub tool: Option<Timed>,
    /// The others that are, the fastest first.
    pub others: Vec<Timed>,
    /// The fastest without a framework.
    pub nearest: Timed,
    /// The sizes at which the simplest is enough, where enough of them were measured.
    pub limit: Option<Limit>,
}

/// The sizes at which a tool is fast enough.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Limit {
    /// The tool: the simplest that is enough on the comparison's own input or, where none is, on the smallest one.
    pub tool: String,
    /// The largest size at which it is enough; below it, it always is.
    pub enough_bytes: u64,
    /// The next size, at which it is not; `None` where it is enough at every size.
    pub too_slow_bytes: Option<u64>,
    /// Sizes that were measured.
    pub sizes: usize,
}

/// The fewest processors with which each framework beats one thread.
#[derive(Clone, Debug, Serialize)]
pub struct ProcessorsToBeatOneThread {
    /// The fastest tool on one thread.
    pub thread: String,
    /// Its work.
    pub thread_seconds: f64,
    /// Each framework.
    pub frameworks: Vec<FrameworkCost>,
}

/// A framework against one thread.
#[derive(Clone, Debug, Serialize)]
pub struct FrameworkCost {
    /// The framework.
    pub name: String,
    /// The processors that it needs.
    pub cost: ProcessorCost,
    /// Its work.
    pub seconds: f64,
}

/// The fewest processors with which a framework beats one thread, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
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

/// The frameworks against the fastest tool without one, start-up included.
#[derive(Clone, Debug, Serialize)]
pub struct Pays {
    /// The fastest tool without a framework.
    pub simple: Timed,
    /// Each framework; of twinmill's modes only the fastest.
    pub frameworks: Vec<Payoff>,
    /// Sizes that were measured.
    pub sizes: usize,
}

/// A framework against the fastest tool without one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Payoff {
    /// The framework.
    pub framework: Timed,
    /// The verdict on its time and that of the simple tool; `None` where they have not run in the same round.
    pub verdict: Option<VerdictKind>,
    /// The sizes at which it takes less time, by the lines through the sizes that were measured; `None` where these are too
    /// few, or the lines say otherwise than the verdict.
    pub crossing: Option<Crossing>,
}

/// The sizes at which one line lies below another.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Crossing {
    /// All.
    Always,
    /// None.
    Never,
    /// From so many bytes on.
    From(f64),
    /// Up to so many bytes: a head start lasts as long.
    UpTo(f64),
}

impl Costs {
    /// The costs in a comparison; `None` where no alternative was asked for.
    pub fn of(comparison: &Comparison) -> Option<Self> {
        let sizes = by_size(comparison);
        Costs::about(&tools(comparison), &with_fewer_workers(comparison), &sizes, comparison.settings.rules())
    }

    /// The costs of the tools on the comparison's input, `own`, of some of them on fewer processors, and on each size of the
    /// input, the smallest first.
    pub(crate) fn about(own: &[Tool], fewer: &[Tool], sizes: &[(u64, Vec<Tool>)], rules: Rules) -> Option<Self> {
        if own.iter().all(|tool| tool.mode.is_some()) {
            return None;
        }
        let sizes = if sizes.len() >= FEWEST_SIZES { sizes } else { &[] };
        Some(Costs {
            rivals: Rivals::all(own, rules),
            simplest: Simplest::of(own, sizes),
            processors: ProcessorsToBeatOneThread::of(own, fewer, rules),
            pays: Pays::of(own, sizes, rules),
        })
    }
}

impl Timed {
    fn of(tool: &Tool) -> Self {
        Timed { name: tool.name.clone(), seconds: tool.total_seconds() }
    }
}

impl Rivals {
    fn all(tools: &[Tool], rules: Rules) -> Vec<Self> {
        let clusters: Vec<&Tool> = frameworks(tools).filter(|tool| tool.mode.is_none()).collect();
        let pairs = (0..clusters.len()).flat_map(|a| (a + 1..clusters.len()).map(move |b| (a, b)));
        pairs.filter_map(|(a, b)| Rivals::of(clusters[a], clusters[b], rules)).collect()
    }

    fn of(a: &Tool, b: &Tool, rules: Rules) -> Option<Self> {
        let verdict = verdict_on_all(a, b, rules)?;
        let (slow, fast) = if verdict.ratio < 1.0 { (b, a) } else { (a, b) };
        let verdict = verdict.slower_first();
        let program = |tool: &Tool| Program {
            startup_seconds: tool.startup_seconds,
            load_seconds: tool.load_seconds.unwrap_or(0.0),
            work_seconds: tool.work.median,
            cpu_seconds: tool.cpu_seconds,
        };
        let explain = || program(slow).explain(&slow.name, &program(fast), &fast.name);
        let explanation = verdict.is_different().then(explain).flatten();
        Some(Rivals { slower: Timed::of(slow), faster: Timed::of(fast), verdict, explanation })
    }
}

impl Simplest {
    fn of(tools: &[Tool], sizes: &[(u64, Vec<Tool>)]) -> Option<Self> {
        let able = able(tools);
        let fastest = *able.first()?;
        let nearest = able.iter().find(|tool| !tool.framework)?;
        let mut quick = quick(tools);
        let simplest = simplest(&quick);
        quick.retain(|tool| Some(&tool.name) != simplest.map(|simplest| &simplest.name));
        let asked = simplest.or_else(|| self::simplest(&self::quick(&sizes.first()?.1)));
        Some(Simplest {
            fastest: Timed::of(fastest),
            tool: simplest.map(Timed::of),
            others: quick.into_iter().map(Timed::of).collect(),
            nearest: Timed::of(nearest),
            limit: asked.and_then(|tool| Limit::of(&tool.name, sizes)),
        })
    }
}

impl Limit {
    /// `None` where the tool is not even enough at the smallest size, or too few were measured.
    fn of(tool: &str, sizes: &[(u64, Vec<Tool>)]) -> Option<Self> {
        let is_enough = |(_, tools): &&(u64, Vec<Tool>)| quick(tools).iter().any(|quick| quick.name == tool);
        let enough = sizes.iter().take_while(is_enough).count();
        Some(Limit {
            tool: tool.to_owned(),
            enough_bytes: sizes.get(enough.checked_sub(1)?)?.0,
            too_slow_bytes: sizes.get(enough).map(|(bytes, _)| *bytes),
            sizes: sizes.len(),
        })
    }
}

/// The tools that give the right answer, the fastest first, start-up included.
fn able(tools: &[Tool]) -> Vec<&Tool> {
    let mut able: Vec<&Tool> = tools.iter().filter(|tool| tool.does_the_job()).collect();
    able.sort_by(|a, b| a.total_seconds().total_cmp(&b.total_seconds()));
    able
}

/// Those of them without a framework that are fast enough for a person.
fn quick(tools: &[Tool]) -> Vec<&Tool> {
    let able = able(tools);
    let limit = able.first().map_or(0.0, |fastest| (ENOUGH_TIMES * fastest.total_seconds()).max(ENOUGH_SECONDS));
    able.into_iter().filter(|tool| !tool.framework && tool.total_seconds() <= limit).collect()
}

/// The simplest of some tools, of which the fastest comes first.
fn simplest<'a>(tools: &[&'a Tool]) -> Option<&'a Tool> {
    tools.iter().copied().min_by_key(|tool| tool.simplicity)
}

impl ProcessorsToBeatOneThread {
    fn of(tools: &[Tool], fewer: &[Tool], rules: Rules) -> Option<Self> {
        let alone = tools.iter().find(|tool| tool.is_one_thread())?;
        let frameworks: Vec<_> = frameworks(tools).map(|tool| FrameworkCost::of(tool, fewer, alone, rules)).collect();
        (!frameworks.is_empty()).then(|| ProcessorsToBeatOneThread {
            thread: alone.name.clone(),
            thread_seconds: alone.work.median,
            frameworks,
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
        let verdict = |tried: &Tool| Verdict::of((&tried.name, &alone.name), &tried.paired_times(alone), rules);
        let beats = |tried: &&Tool| verdict(tried).is_some_and(|verdict| verdict.is_different() && verdict.ratio < 1.0);
        if let Some(beats) = tried.into_iter().find(beats) {
            return of(ProcessorCost::Beats(beats.processors), beats);
        }
        match verdict(tool).map(|verdict| verdict.kind) {
            None | Some(VerdictKind::Undecided) => return of(ProcessorCost::Undecided(given), tool),
            Some(VerdictKind::Equivalent) => return of(ProcessorCost::Level(given), tool),
            Some(VerdictKind::Different) => {}
        }
        // Strictly more than are needed to be level.
        let perfectly = ((given as f64 * tool.work.median / alone.work.median).floor() as u64).saturating_add(1);
        of(ProcessorCost::MoreThan { given, perfectly }, tool)
    }
}

impl Pays {
    fn of(tools: &[Tool], sizes: &[(u64, Vec<Tool>)], rules: Rules) -> Option<Self> {
        let simple = able(tools).into_iter().find(|tool| !tool.framework)?;
        let fastest = fastest_mode(tools).map(|tool| tool.name.as_str());
        let rivals = frameworks(tools).filter(|tool| tool.mode.is_none() || Some(tool.name.as_str()) == fastest);
        let frameworks: Vec<Payoff> = rivals.map(|tool| Payoff::of(tool, simple, sizes, rules)).collect();
        (!frameworks.is_empty()).then(|| Pays { simple: Timed::of(simple), frameworks, sizes: sizes.len() })
    }
}

impl Payoff {
    fn of(tool: &Tool, simple: &Tool, sizes: &[(u64, Vec<Tool>)], rules: Rules) -> Self {
        let verdict = verdict_on_all(tool, simple, rules);
        let faster = verdict.as_ref().map(|verdict| verdict.ratio < 1.0);
        let crossing = Line::of(&tool.name, sizes).zip(Line::of(&simple.name, sizes)).map(|(a, b)| a.below(&b));
        let crossing = crossing.filter(|crossing| {
            let agrees = Some(crossing.holds(tool.input_bytes)) == faster;
            agrees && verdict.as_ref().is_some_and(Verdict::is_different)
        });
        Payoff { framework: Timed::of(tool), verdict: verdict.map(|verdict| verdict.kind), crossing }
    }

    /// Whether it takes less time than the simple tool, `simple`.
    pub fn pays(&self, simple: &Timed) -> bool {
        self.verdict == Some(VerdictKind::Different) && self.framework.seconds < simple.seconds
    }
}

/// The verdict on the whole times of two tools.
fn verdict_on_all(a: &Tool, b: &Tool, rules: Rules) -> Option<Verdict> {
    Verdict::of((&a.name, &b.name), &a.paired_totals(b), rules)
}

/// twinmill's modes and the alternatives that were built for clusters.
fn frameworks(tools: &[Tool]) -> impl Iterator<Item = &Tool> {
    tools.iter().filter(|tool| tool.framework && tool.does_the_job())
}

/// A tool's whole time against size: the line of least squares.
#[derive(Clone, Copy, Debug)]
struct Line {
    /// Seconds whatever the size.
    once: f64,
    /// Seconds a byte.
    each: f64,
}

impl Line {
    /// `None` where the tool did not run at every size, or the sizes are too few.
    fn of(tool: &str, sizes: &[(u64, Vec<Tool>)]) -> Option<Self> {
        let point = |(bytes, tools): &(u64, Vec<Tool>)| {
            let tool = tools.iter().find(|other| other.name == tool && other.does_the_job())?;
            Some((*bytes as f64, tool.total_seconds()))
        };
        let points = sizes.iter().map(point).collect::<Option<Vec<_>>>()?;
        line(&points).map(|(once, each)| Line { once, each })
    }

    /// The sizes at which it lies below another one.
    fn below(&self, other: &Line) -> Crossing {
        let at = (self.once - other.once) / (other.each - self.each);
        match (self.once < other.once, self.each < other.each) {
            _ if self.each == other.each => {
                if self.once < other.once {
                    Crossing::Always
                } else {
                    Crossing::Never
                }
            }
            (true, true) => Crossing::Always,
            (false, false) => Crossing::Never,
            (false, true) if at > 0.0 => Crossing::From(at),
            (false, true) => Crossing::Always,
            (true, false) if at > 0.0 => Crossing::UpTo(at),
            (true, false) => Crossing::Never,
        }
    }
}

impl Crossing {
    /// Whether a size is one of them.
    fn holds(self, bytes: f64) -> bool {
        match self {
            Crossing::Always => true,
            Crossing::Never => false,
            Crossing::From(size) => bytes >= size,
            Crossing::UpTo(size) => bytes <= size,
        }
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::measure::analysis::cause::Mechanism;
    use crate::measure::analysis::tools::{Answers, Simplicity};
    use crate::measure::mode::RunMode;
    use crate::measure::statistics::Spread;

    /// Bytes.
    pub const MIB: f64 = 1048576.0;

    /// A tool on one processor that is no framework.
    pub fn tool(name: &str, startup_seconds: f64, work: f64) -> Tool {
        let times = |seconds: f64| (0..5).map(|round| (round, seconds * (1.0 + 0.001 * f64::from(round)))).collect();
        Tool {
            name: name.into(),
            mode: None,
            version: None,
            framework: false,
            simplicity: if name == "awk" { Simplicity::Command } else { Simplicity::Database },
            processors: 1,
            input_bytes: 100.0 * MIB,
            times: times(work),
            totals: times(startup_seconds + work),
            work: Spread::of([work]),
            load_seconds: None,
            startup_seconds,
            cpu_seconds: work,
            peak_rss_bytes: 0.0,
            answer: Answers::Equal(0.0),
        }
    }

    /// A framework on two processors.
    pub fn framework(name: &str, mode: Option<RunMode>, startup_seconds: f64, work: f64) -> Tool {
        Tool {
            mode,
            framework: true,
            simplicity: Simplicity::Framework,
            processors: 2,
            ..tool(name, startup_seconds, work)
        }
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

    /// The same tools at three sizes, at which each takes its start-up and work in proportion.
    pub fn at_sizes(tools: &[Tool], factors: [f64; 3]) -> Vec<(u64, Vec<Tool>)> {
        let scaled = |tool: &Tool, factor: f64| {
            let work = tool.work.median * factor;
            let input_bytes = tool.input_bytes * factor;
            Tool { work: Spread::of([work]), input_bytes, ..tool.clone() }
        };
        let at = |factor: f64| ((factor * 100.0 * MIB) as u64, tools.iter().map(|tool| scaled(tool, factor)).collect());
        factors.map(at).to_vec()
    }

    fn costs(own: &[Tool], sizes: &[(u64, Vec<Tool>)]) -> Costs {
        Costs::about(own, &[], sizes, Rules::default()).unwrap()
    }

    #[test]
    fn two_cluster_frameworks_are_compared_with_the_cause() {
        let rivals = costs(&measured(), &[]).rivals;
        assert_eq!(rivals.len(), 1);
        let Rivals { slower, faster, verdict, explanation } = &rivals[0];
        assert_eq!((slower.name.as_str(), faster.name.as_str()), ("spark", "tez"));
        assert!(verdict.is_different() && (verdict.ratio - 15.0 / 7.0).abs() < 1e-9, "{verdict:?}");
        let causes = &explanation.as_ref().unwrap().causes;
        assert!(matches!(causes[0].mechanism, Mechanism::ComputedMore { .. }), "{causes:?}");
    }

    #[test]
    fn the_simplest_that_is_enough_is_named_and_its_limit_where_three_sizes_were_measured() {
        let few = costs(&measured(), &at_sizes(&measured(), [0.01, 0.1, 1.0])[..2]).simplest.unwrap();
        assert_eq!((few.tool.unwrap().name.as_str(), few.limit), ("duckdb", None));
        let tools =
            [tool("awk", 0.0, 0.8), framework("memory", Some(RunMode::Memory), 0.0, 0.2), tool("duckdb", 0.3, 0.1)];
        let simplest = costs(&tools, &at_sizes(&tools, [1.0, 2.0, 4.0])).simplest.unwrap();
        assert_eq!(simplest.tool.unwrap().name, "awk");
        let limit = Limit { tool: "awk".into(), enough_bytes: 100 << 20, too_slow_bytes: Some(200 << 20), sizes: 3 };
        assert_eq!(simplest.limit, Some(limit));
    }

    #[test]
    fn where_none_is_enough_the_limit_is_that_of_the_simplest_at_the_smallest_size() {
        let tools = [tool("awk", 0.0, 10.0), framework("memory", Some(RunMode::Memory), 0.0, 0.2)];
        let simplest = costs(&tools, &at_sizes(&tools, [0.01, 0.1, 1.0])).simplest.unwrap();
        assert_eq!((simplest.tool, simplest.nearest.name.as_str()), (None, "awk"));
        assert_eq!(simplest.limit.unwrap().enough_bytes, (10.0 * MIB) as u64);
    }

    #[test]
    fn what_noise_hides_is_undecided_and_not_level() {
        let mut noisy = framework("hadoop", None, 3.0, 20.0);
        noisy.times = [(0, 1.0), (1, 30.0), (2, 20.0), (3, 90.0), (4, 2.0)].to_vec();
        noisy.totals = noisy.times.clone();
        let costs = costs(&[noisy, tool("reference", 0.0, 3.34)], &[]);
        assert_eq!(costs.processors.unwrap().frameworks[0].cost, ProcessorCost::Undecided(2));
        let pays = costs.pays.unwrap();
        assert_eq!(pays.frameworks[0].verdict, Some(VerdictKind::Undecided));
        assert!(!pays.frameworks[0].pays(&pays.simple));
    }

    #[test]
    fn the_size_from_which_a_framework_pays_is_told_from_three_sizes() {
        let payoff = |sizes: &[(u64, Vec<Tool>)]| {
            let pays = costs(&measured(), sizes).pays.unwrap();
            pays.frameworks.into_iter().find(|payoff| payoff.framework.name == "tez").unwrap()
        };
        let sizes = at_sizes(&measured(), [1.0, 2.0, 4.0]);
        assert_eq!(payoff(&sizes[..2]).crossing, None);
        assert_eq!(payoff(&sizes).crossing, Some(Crossing::Never), "it takes as long as duckdb for each byte");
        let [slow, fast] = [Line { once: 0.0, each: 2.0 }, Line { once: 6.0, each: 1.0 }];
        assert_eq!((fast.below(&slow), slow.below(&fast)), (Crossing::From(6.0), Crossing::UpTo(6.0)));
        assert_eq!((slow.below(&slow), Line { once: -1.0, ..slow }.below(&slow)), (Crossing::Never, Crossing::Always));
        assert!(Crossing::From(6.0).holds(7.0) && !Crossing::UpTo(6.0).holds(7.0));
    }

    #[test]
    fn modes_alone_have_no_costs() {
        assert!(
            Costs::about(&[framework("memory", Some(RunMode::Memory), 0.0, 0.5)], &[], &[], Rules::default()).is_none()
        );
    }
}
