//! The time of a job on a cluster, with its interval, and what limits it there.

use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::Serialize;

use crate::predict::cluster::Engine;
use crate::predict::constants::Constants;
use crate::predict::cost::{Drawn, JobCost, Scenario};
use crate::predict::grades::Grade;
use crate::predict::profile::Profile;
use crate::predict::simulation::{Parts, drawn_run, expected};

/// Draws of slots and tasks that one prediction may take: a few tenths of a second.
const MOST_DRAWS: f64 = 1e6;
const MOST_RUNS: f64 = 101.0;
const FEWEST_RUNS: f64 = 5.0;
/// Share of simulated runs that lie below the interval, and above it.
const OUTSIDE: f64 = 0.05;

/// A prediction for one cluster.
#[derive(Clone, Debug, Serialize)]
pub struct Prediction {
    /// What runs the job.
    pub engine: Engine,
    /// Machines.
    pub nodes: u32,
    /// Bytes of the input.
    pub input_bytes: f64,
    /// The time: the median of the simulated runs.
    pub seconds: f64,
    /// Nine of ten runs would lie in it, by the simulation and the error of graded predictions.
    pub interval_seconds: (f64, f64),
    /// The same run without chance, in parts.
    pub parts: Parts,
    /// Map tasks of all jobs.
    pub maps: f64,
    /// Waves of map tasks of the job that has most.
    pub map_waves: f64,
    /// Reduce tasks of all jobs.
    pub reduces: f64,
    /// Waves of reduce tasks.
    pub reduce_waves: f64,
    /// Bytes of map outputs.
    pub shuffle_bytes: f64,
    /// Bytes across the network.
    pub network_bytes: f64,
    /// Bytes that disks read and write.
    pub disk_bytes: f64,
    /// Largest share of intermediate data that finds no room in memory.
    pub overflow: f64,
    /// What limits the job: what would save most if it took no time, first.
    pub limits: Vec<Limit>,
}

/// Something that takes time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// Starting sessions, jobs and tasks, and fetching map outputs one by one.
    Starting,
    /// Processors.
    Processor,
    /// Disks.
    Disk,
    /// The network.
    Network,
    /// The largest partition, which one task reduces.
    LargestPartition,
    /// Slow tasks and failed machines, which others wait for.
    Stragglers,
    /// The driver's work between tasks.
    Driver,
}

/// What a resource costs a run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Limit {
    /// The resource.
    pub resource: Resource,
    /// Seconds that would be saved if it took no time.
    pub saved_seconds: f64,
}

impl Prediction {
    /// Predicts a run of the profile's job.
    pub fn of(profile: &Profile, scenario: &Scenario) -> Self {
        let constants = Constants::of(scenario.engine);
        let middle = Drawn::middle(&constants);
        let parts = expected(profile, scenario, &middle);
        let costs: Vec<JobCost> = profile.jobs.iter().map(|job| JobCost::of(profile, job, scenario, &middle)).collect();
        let simulated = simulated(profile, scenario, &constants, &costs);
        let seconds = simulated[simulated.len() / 2];
        let error = Grade::factor(Grade::of(scenario.engine).as_ref());
        let outside = (simulated.len() as f64 * OUTSIDE) as usize;
        let interval = (simulated[outside] / error, simulated[simulated.len() - 1 - outside] * error);
        let sum = |of: fn(&JobCost) -> f64| costs.iter().map(of).sum::<f64>();
        let most = |of: &dyn Fn(&JobCost) -> f64| costs.iter().map(of).fold(0.0, f64::max);
        let slots = scenario.cluster.slots() as f64;
        let reduces = |cost: &JobCost| cost.reduce.map_or(0.0, |reduce| reduce.tasks);
        Prediction {
            engine: scenario.engine,
            nodes: scenario.cluster.nodes,
            input_bytes: profile.input_bytes * scenario.growth,
            seconds,
            interval_seconds: interval,
            parts,
            maps: sum(|cost| cost.map.tasks),
            map_waves: most(&|cost| (cost.map.tasks / slots).ceil()),
            reduces: costs.iter().map(reduces).sum(),
            reduce_waves: most(&|cost| (reduces(cost) / slots).ceil()),
            shuffle_bytes: sum(|cost| cost.shuffle_bytes),
            network_bytes: sum(|cost| cost.network_bytes),
            disk_bytes: if scenario.cluster.disk.is_some() { sum(|cost| cost.disk_bytes) } else { 0.0 },
            overflow: most(&|cost| cost.overflow),
            limits: limits(profile, scenario, &middle, seconds - parts.total()),
        }
    }

    /// What limits the job most.
    pub fn limit(&self) -> Option<Limit> {
        self.limits.first().copied()
    }
}

/// The smallest input, in bytes, from which on the first scenario is faster than the second; each is asked about other
/// sizes than its own. `None` where it is not, up to a million times the measured input.
pub fn pays_from_bytes(profile: &Profile, scenario: &Scenario, other: &Scenario) -> Option<f64> {
    const STEPS: u32 = 60;
    let seconds = |scenario: &Scenario, growth: f64| {
        let scenario = Scenario { growth, ..scenario.clone() };
        expected(profile, &scenario, &Drawn::middle(&Constants::of(scenario.engine))).total()
    };
    let pays = |growth: f64| seconds(scenario, growth) < seconds(other, growth);
    let (mut low, mut high) = (1e-3_f64, 1e6_f64);
    if !pays(high) {
        return None;
    }
    for _ in 0..STEPS {
        let middle = (low * high).sqrt();
        if pays(middle) { high = middle } else { low = middle }
    }
    Some(high * profile.input_bytes)
}

/// Times of simulated runs, in ascending order.
fn simulated(profile: &Profile, scenario: &Scenario, constants: &Constants, costs: &[JobCost]) -> Vec<f64> {
    const SEED: u64 = 1;
    let slots = scenario.cluster.slots() as f64;
    let drawn = |tasks: f64| tasks.min(5.0 * slots);
    let draws: f64 = costs.iter().map(|cost| drawn(cost.map.tasks) + cost.reduce.map_or(0.0, |r| drawn(r.tasks))).sum();
    let runs = (MOST_DRAWS / draws.max(1.0)).clamp(FEWEST_RUNS, MOST_RUNS) as usize;
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(SEED);
    let mut seconds: Vec<f64> = (0..runs).map(|_| drawn_run(profile, scenario, constants, &mut rng)).collect();
    seconds.sort_by(f64::total_cmp);
    seconds
}

/// Times that would be saved, the longest first: the run again with each resource infinitely fast in turn.
fn limits(profile: &Profile, scenario: &Scenario, drawn: &Drawn, by_chance: f64) -> Vec<Limit> {
    let whole = expected(profile, scenario, drawn).total();
    let without = |change: &dyn Fn(&mut Drawn)| {
        let mut changed = *drawn;
        change(&mut changed);
        whole - expected(profile, scenario, &changed).total()
    };
    let starting = without(&|drawn| {
        (drawn.session_seconds, drawn.job_seconds, drawn.task_seconds) = (0.0, 0.0, 0.0);
        (drawn.launch_seconds, drawn.fetch_seconds) = (0.0, 0.0);
    });
    let mut limits = [
        (Resource::Starting, starting),
        (Resource::Processor, without(&|drawn| drawn.processor_speed = f64::INFINITY)),
        (Resource::Disk, without(&|drawn| drawn.disk_speed = f64::INFINITY)),
        (Resource::Network, without(&|drawn| drawn.network_speed = f64::INFINITY)),
        (Resource::LargestPartition, without(&|drawn| drawn.uneven = false)),
        (Resource::Driver, without(&|drawn| drawn.driver = false)),
        (Resource::Stragglers, by_chance),
    ]
    .map(|(resource, saved_seconds)| Limit { resource, saved_seconds: saved_seconds.max(0.0) });
    limits.sort_by(|a, b| b.saved_seconds.total_cmp(&a.saved_seconds));
    limits.into_iter().filter(|limit| limit.saved_seconds > 0.0).collect()
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::predict::cluster::Cluster;
    use crate::predict::cluster::tests::cluster;
    use crate::predict::profile::tests::sort;

    fn prediction(engine: Engine, nodes: u32, growth: f64) -> Prediction {
        Prediction::of(&sort(), &Scenario { cluster: cluster(nodes), engine, growth })
    }

    #[test]
    fn more_nodes_are_faster_until_starting_is_what_is_left() {
        let constants = Drawn::middle(&Constants::of(Engine::Hadoop));
        let seconds = |nodes| {
            let scenario = Scenario { cluster: cluster(nodes), engine: Engine::Hadoop, growth: 1024.0 };
            expected(&sort(), &scenario, &constants).total()
        };
        let times = [4, 16, 64, 1000].map(seconds);
        assert!(times.windows(2).all(|pair| pair[1] < pair[0]), "{times:?}");
        let small = prediction(Engine::Hadoop, 16, 1.0);
        assert_eq!(small.limit().unwrap().resource, Resource::Starting);
        assert!(small.seconds > 8.0);
    }

    #[test]
    fn slow_disks_limit_a_sort_and_a_slow_network_where_the_disks_are_fast() {
        assert_eq!(prediction(Engine::Hadoop, 4, 1024.0).limit().unwrap().resource, Resource::Disk);
        let mut scenario = Scenario { cluster: cluster(16), engine: Engine::Spark, growth: 1024.0 };
        scenario.cluster.disk = Some("nvme".parse().unwrap());
        scenario.cluster.network.bytes_per_second = 12.5e6;
        let prediction = Prediction::of(&sort(), &scenario);
        assert_eq!(prediction.limit().unwrap().resource, Resource::Network);
    }

    #[test]
    fn a_key_that_half_of_the_records_have_limits_the_largest_cluster() {
        let mut profile = sort();
        profile.jobs[0].reduce.as_mut().unwrap().heaviest_share = 0.5;
        let scenario = Scenario { cluster: cluster(64), engine: Engine::Spark, growth: 1024.0 };
        let prediction = Prediction::of(&profile, &scenario);
        assert_eq!(prediction.limit().unwrap().resource, Resource::LargestPartition);
    }

    #[test]
    fn a_prediction_lies_in_its_interval() {
        for (engine, nodes) in [(Engine::LocalDisk, 1), (Engine::Hadoop, 16), (Engine::Spark, 4)] {
            let Prediction { seconds, interval_seconds: (low, high), .. } = prediction(engine, nodes, 16.0);
            assert!(low <= seconds && seconds <= high, "{low} {seconds} {high}");
        }
    }

    #[test]
    fn a_cluster_pays_from_the_size_at_which_its_start_is_made_up_for() {
        let here = Scenario {
            cluster: Cluster { cores: 2, disk: None, ..cluster(1) },
            engine: Engine::LocalDisk,
            growth: 1.0,
        };
        let mut there = Scenario { cluster: cluster(16), engine: Engine::Spark, growth: 1.0 };
        there.cluster.disk = Some("nvme".parse().unwrap());
        there.cluster.network.bytes_per_second = 1.25e9;
        let profile = sort();
        let bytes = pays_from_bytes(&profile, &there, &here).unwrap();
        assert!(bytes > profile.input_bytes && bytes < 100.0 * profile.input_bytes, "{bytes}");
        assert_eq!(pays_from_bytes(&profile, &here, &here), None);
    }

    #[test]
    fn memory_is_faster_than_a_slow_disk() {
        let [disk, memory] = [Engine::LocalDisk, Engine::LocalMemory].map(|engine| prediction(engine, 1, 1.0).seconds);
        assert!(disk > 2.0 * memory, "{disk} {memory}");
    }
}
