//! What a cluster costs a job that one machine does, and from which size it would pay.
//!
//! That each engine takes longer than the modes here, and why, the verdict tells as of any pair. Here one engine is set
//! against another, and the [model](crate::predict) is asked what no run here can show: a cluster of many machines.

use crate::cli::figures::{bytes, seconds};
use crate::cli::telling::fact::Fact;
use crate::cli::telling::{cause, relation};
use crate::measure::analysis::cause::Explanation;
use crate::measure::analysis::pairs::Pair;
use crate::measure::column::Column;
use crate::measure::comparison::Comparison;
use crate::measure::mode::RunMode;
use crate::predict::cluster::{Cluster, Engine};
use crate::predict::cost::Scenario;
use crate::predict::grades::Grade;
use crate::predict::prediction::pays_from_bytes;
use crate::predict::profile::Profile;

/// Machines of the cluster that the model is asked about.
const NODES: u32 = 4;

/// The subject of these facts.
pub const ABOUT: &str = "a cluster";

/// The sentences; none where no engine has a column.
pub fn facts(comparison: &Comparison) -> Vec<Fact> {
    let engines: Vec<Column> = comparison.columns().into_iter().filter(|column| column.apart.is_some()).collect();
    let Some((first, others)) = engines.split_first() else { return Vec::new() };
    let pairs = others.iter().filter_map(|other| Pair::of(comparison, first, other));
    let pairs = pairs.map(|pair| one_against_another(&pair, comparison));
    pairs.chain(engines.iter().filter_map(|engine| pays(engine, comparison))).collect()
}

fn one_against_another(pair: &Pair, comparison: &Comparison) -> Fact {
    let (slow_seconds, fast_seconds) = pair.verdict.seconds;
    let medians = format!("{} against {}", seconds(slow_seconds), seconds(fast_seconds));
    let sentence = relation::words(&pair.verdict, &pair.slow.name, &pair.fast.name, &medians);
    let explanation = pair.explanation(comparison);
    let causes: Vec<_> = explanation.iter().flat_map(Explanation::entries).collect();
    Fact::new(ABOUT, cause::after(&sentence, explanation.as_ref()))
        .with("verdict", &pair.verdict)
        .with("causes", causes)
}

/// From which size on a cluster would be faster than this machine; `None` where no run here tells the work, or the model does
/// not know the engine.
fn pays(engine: &Column, comparison: &Comparison) -> Option<Fact> {
    let name = &comparison.runs_of(&engine.name).next()?.report.engine.as_ref()?.name;
    let of = match name.as_str() {
        "hadoop" => Engine::Hadoop,
        "spark" => Engine::Spark,
        _ => return None,
    };
    let run = comparison.middle_runs().into_iter().find(|run| run.variant == RunMode::Disk.name())?;
    let profile = Profile::of(&run.report).ok()?;
    let there = Scenario { cluster: Cluster::usual(NODES), engine: of, growth: 1.0 };
    let here = Cluster {
        cores: profile.workers as u32,
        disk: None,
        memory_bytes: run.report.machine.memory_bytes,
        merge_factor: 64,
        ..Cluster::usual(1)
    };
    let here = Scenario { cluster: here, engine: Engine::LocalDisk, growth: 1.0 };
    let from_bytes = pays_from_bytes(&profile, &there, &here);
    let error = Grade::of(of).map_or(String::new(), |grade| {
        format!(" (its predictions for {name} were off by {:.0} % in the median)", 100.0 * grade.median_error)
    });
    let text = match from_bytes {
        Some(from) => format!(
            "By the model{error}, {name} on {NODES} machines of 8 cores would take less time than this machine from about {} of \
             input on, if that lies there.",
            bytes(from as u64)
        ),
        None => {
            format!("By the model{error}, {name} on {NODES} machines of 8 cores would not pay at any size.")
        }
    };
    Some(Fact::new(ABOUT, text).with("engine", name).with("nodes", NODES).with("from_bytes", from_bytes))
}
