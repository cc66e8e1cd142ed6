//! The cost of one task of a job on a cluster: processor, disk, network.
//!
//! Everything grows with the bytes of the task, as the measured run shows; what a combiner leaves grows as the number
//! of keys does. The tasks that run on a node share its disk and its network, so that a task takes
//!
//! ```text
//! max(processor + its own disk and network, disk of all tasks on the node, network of all tasks on the node)
//! ```
//!
//! which is the bound of a closed queue with one disk: while one task waits for it, others compute.

use crate::predict::cluster::{Cluster, Engine};
use crate::predict::profile::{JobWork, Profile, Reduce};

/// Bytes that a file is read or written in before another file has its turn, and a disk moves its heads.
const STRETCH_BYTES: f64 = (4 << 20) as f64;
/// Share of a machine's memory for intermediate data (`spark.memory.fraction`), or the page cache.
const MEMORY_SHARE: f64 = 0.6;
/// Map outputs that a reduce task fetches at the same time (`mapreduce.reduce.shuffle.parallelcopies`).
const PARALLEL_FETCHES: f64 = 5.0;
/// Reduce tasks for each slot, as Hadoop's documentation advises.
const REDUCES_PER_SLOT: f64 = 0.95;
/// Largest split of an input on one machine.
const LOCAL_SPLIT_BYTES: f64 = (128u64 << 20) as f64;

/// What is asked about: a cluster, its engine, and an input so many times as large as the measured one.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The machines.
    pub cluster: Cluster,
    /// What runs the job there.
    pub engine: Engine,
    /// Size of the input, against the measured run's.
    pub growth: f64,
}

/// Constants of the engine, each drawn from its range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drawn {
    /// Seconds around all jobs.
    pub session_seconds: f64,
    /// Seconds around the tasks of a job.
    pub job_seconds: f64,
    /// Seconds of a task beside its work.
    pub task_seconds: f64,
    /// Seconds between the starts of two tasks.
    pub launch_seconds: f64,
    /// Seconds for a byte through pipes.
    pub pipe_seconds_per_byte: f64,
    /// Seconds for a byte of map output, and again for it as a reducer's input.
    pub shuffle_seconds_per_byte: f64,
    /// Seconds for a map output that is fetched.
    pub fetch_seconds: f64,
    /// Share of slow tasks.
    pub slow_share: f64,
    /// Times as long as a slow task takes.
    pub slow_times: f64,
    /// Failures of a node in a second.
    pub failures_per_node_second: f64,
    /// Seconds lost by a failure.
    pub failure_seconds: f64,
    /// Speed of the disks and of the network, against what they are said to be; infinite for what-ifs.
    pub disk_speed: f64,
    /// As for disks.
    pub network_speed: f64,
    /// Speed of the processors.
    pub processor_speed: f64,
    /// Whether one partition is larger than the others, as in the measured run.
    pub uneven: bool,
    /// Whether the driver takes its time.
    pub driver: bool,
}

/// The tasks of one kind of one job.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stage {
    /// Number of tasks.
    pub tasks: f64,
    /// Seconds of a task.
    pub seconds: f64,
    /// Times as long as the others that the largest task takes.
    pub largest: f64,
    /// Variation of the tasks' times.
    pub spread: f64,
}

/// A job on the cluster.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct JobCost {
    /// The map tasks.
    pub map: Stage,
    /// The reduce tasks.
    pub reduce: Option<Stage>,
    /// Bytes of all map outputs.
    pub shuffle_bytes: f64,
    /// Bytes that cross the network.
    pub network_bytes: f64,
    /// Bytes of intermediate data that disks read and write.
    pub disk_bytes: f64,
    /// Share of the intermediate data that finds no room in memory.
    pub overflow: f64,
}

/// One task's use of a node.
#[derive(Clone, Copy, Debug, Default)]
struct Use {
    processor_seconds: f64,
    /// Time in which neither processor nor disk is used.
    latency_seconds: f64,
    disk_bytes: f64,
    seeks: f64,
    network_bytes: f64,
}

impl Use {
    /// Seconds of the task while `beside` tasks run on its node.
    fn seconds(&self, beside: f64, scenario: &Scenario, drawn: &Drawn) -> f64 {
        let disk = scenario.cluster.disk.as_ref().map_or(0.0, |disk| {
            let transfer = self.disk_bytes / disk.bandwidth_bytes_per_second as f64;
            (transfer + self.seeks * disk.seek.as_secs_f64()) / drawn.disk_speed
        });
        let network = self.network_bytes / scenario.cluster.network.bytes_per_second / drawn.network_speed;
        let alone = self.processor_seconds / drawn.processor_speed + disk + network;
        drawn.task_seconds + self.latency_seconds + alone.max(beside * disk).max(beside * network)
    }
}

impl JobCost {
    /// The cost of a job of the profile.
    pub fn of(profile: &Profile, job: &JobWork, scenario: &Scenario, drawn: &Drawn) -> Self {
        Planned::of(profile, job, scenario).cost(drawn)
    }
}

/// A job cut into tasks.
struct Planned<'a> {
    profile: &'a Profile,
    job: &'a JobWork,
    scenario: &'a Scenario,
    maps: f64,
    reduces: f64,
    /// Bytes of a map task's input, and how many times as large as a measured one's.
    split_bytes: f64,
    split_growth: f64,
    /// Bytes of a map task's output, and how many times as large.
    map_output_bytes: f64,
    map_output_growth: f64,
    /// Bytes that the job leaves.
    output_bytes: f64,
}

impl<'a> Planned<'a> {
    fn of(profile: &'a Profile, job: &'a JobWork, scenario: &'a Scenario) -> Self {
        let input_bytes = job.map.bytes * scenario.growth;
        let reduces = job.reduce.as_ref().map_or(0.0, |reduce| reduces(profile, reduce, scenario));
        let maps = maps(profile, job, input_bytes, reduces, scenario);
        let split_bytes = input_bytes / maps;
        let split_growth = split_bytes / (job.map.bytes / job.map.tasks).max(1.0);
        let key_growth = if profile.combines { profile.key_growth } else { 1.0 };
        let map_output_growth = split_growth.powf(key_growth);
        let measured_output = job.reduce.as_ref().map_or(0.0, |reduce| reduce.work.bytes / job.map.tasks);
        let output_growth = if profile.combines { scenario.growth.powf(profile.key_growth) } else { scenario.growth };
        Planned {
            profile,
            job,
            scenario,
            maps,
            reduces,
            split_bytes,
            split_growth,
            map_output_bytes: measured_output * map_output_growth,
            map_output_growth,
            output_bytes: job.output_bytes * output_growth,
        }
    }

    fn cost(&self, drawn: &Drawn) -> JobCost {
        let cluster = &self.scenario.cluster;
        let overflow = self.overflow();
        let beside = |tasks: f64| f64::from(cluster.cores).min((tasks / f64::from(cluster.nodes)).ceil()).max(1.0);
        let map_use = self.map_use(overflow, drawn);
        let map = Stage {
            tasks: self.maps,
            seconds: map_use.seconds(beside(self.maps), self.scenario, drawn),
            largest: 1.0,
            spread: self.job.map.spread,
        };
        let shuffle_bytes = self.maps * self.map_output_bytes;
        let reduce_use = self.job.reduce.as_ref().map(|reduce| (reduce, self.reduce_use(reduce, overflow, drawn)));
        let reduce = reduce_use.as_ref().map(|(reduce, used)| Stage {
            tasks: self.reduces,
            seconds: used.seconds(beside(self.reduces), self.scenario, drawn),
            largest: if drawn.uneven { 1.0 + reduce.heaviest_share * self.reduces } else { 1.0 },
            spread: reduce.work.spread,
        });
        let used = reduce_use.map(|(_, used)| used).unwrap_or_default();
        JobCost {
            map,
            reduce,
            shuffle_bytes,
            network_bytes: self.maps * map_use.network_bytes + self.reduces * used.network_bytes,
            disk_bytes: self.maps * map_use.disk_bytes + self.reduces * used.disk_bytes,
            overflow,
        }
    }

    /// Share of the intermediate data of a node that its memory has no room for: of map outputs, and of a loop's input.
    fn overflow(&self) -> f64 {
        let cluster = &self.scenario.cluster;
        let kept = if self.job.reads_again { self.maps * self.split_bytes } else { 0.0 };
        let needed = (self.maps * self.map_output_bytes + kept) / f64::from(cluster.nodes);
        let room = MEMORY_SHARE * cluster.memory_bytes as f64;
        if needed <= room { 0.0 } else { 1.0 - room / needed }
    }

    fn map_use(&self, overflow: f64, drawn: &Drawn) -> Use {
        let (map, engine) = (&self.job.map, self.scenario.engine);
        let tasks = map.tasks;
        let keeps = if engine.keeps_in_memory() { 1.0 - overflow } else { 0.0 };
        let parsed = if self.job.reads_again { keeps * map.parse_seconds } else { 0.0 };
        let of_input = (map.in_seconds - parsed) / tasks * self.split_growth;
        let of_output = (map.out_seconds + map.file_seconds * (1.0 - keeps)) / tasks * self.map_output_growth;
        let piped =
            drawn.pipe_seconds_per_byte * self.split_bytes + drawn.shuffle_seconds_per_byte * self.map_output_bytes;
        // On a cluster each task is a process of its own.
        let of_process = if engine.is_local() { 0.0 } else { self.profile.once_seconds };
        let SpillMerges { seconds: merged, moved } = self.merges_of_spills();
        let spilled = self.map_output_bytes * (1.0 - keeps);
        // Inputs are read as fast as the machine can where a disk is emulated below intermediate data.
        let input = match (engine.is_local(), self.job.reads_input) {
            (true, true) => 0.0,
            (true, false) => self.split_bytes * (1.0 - keeps),
            (false, _) if self.job.reads_again => self.split_bytes * (1.0 - keeps),
            (false, _) => self.split_bytes,
        };
        let disk_bytes = input + spilled * moved;
        Use {
            processor_seconds: of_input + of_output + merged * (1.0 - keeps) + piped + of_process,
            latency_seconds: 0.0,
            disk_bytes,
            seeks: (input / STRETCH_BYTES).ceil() + (spilled * moved / STRETCH_BYTES).ceil(),
            network_bytes: 0.0,
        }
    }

    /// The merges of a map task's spills on disk: none where its output fits the sort buffer. Spills in memory stay as they are.
    fn merges_of_spills(&self) -> SpillMerges {
        let Some(reduce) = &self.job.reduce else { return SpillMerges { seconds: 0.0, moved: 1.0 } };
        let is_local = self.scenario.engine.is_local();
        let ratio = reduce.buffered_ratio + if is_local { reduce.index_ratio } else { 0.0 };
        let buffers = self.map_output_bytes * ratio / self.scenario.cluster.sort_buffer_bytes as f64;
        let passes = passes(buffers.ceil(), self.scenario.cluster.merge_factor as f64);
        // Here, what is in the buffer at the end of a task goes into the merge without being written.
        let written = if is_local && passes > 0.0 { buffers.floor() / buffers } else { 1.0 };
        let moved = if passes > 0.0 { 2.0 * written + 1.0 + 2.0 * (passes - 1.0) } else { written };
        SpillMerges { seconds: passes * self.map_output_bytes * merge_seconds_per_byte(reduce), moved }
    }

    fn reduce_use(&self, reduce: &Reduce, overflow: f64, drawn: &Drawn) -> Use {
        let (engine, cluster) = (self.scenario.engine, &self.scenario.cluster);
        let bytes = self.maps * self.map_output_bytes / self.reduces;
        let output = self.output_bytes / self.reduces;
        let work = &reduce.work;
        let keeps = if engine.keeps_in_memory() { 1.0 - overflow } else { 0.0 };
        // A page cache serves what it has room for, except from a disk that is emulated below it.
        let from_disk = if engine.is_local() { 1.0 - keeps } else { overflow };
        let seconds = work.in_seconds + work.out_seconds + work.file_seconds * (1.0 - keeps);
        // Of map outputs in memory, a merge reads all at once.
        let merges = if keeps < 1.0 { passes(self.maps, cluster.merge_factor as f64) } else { 0.0 };
        let passes = (merges - 1.0).max(0.0);
        let merged = passes * bytes * merge_seconds_per_byte(reduce);
        let remote = 1.0 - 1.0 / f64::from(cluster.nodes);
        let copies = f64::from(cluster.replication.min(cluster.nodes));
        let is_last = std::ptr::eq(self.job, self.profile.jobs.last().expect("a run has a job"));
        let written = match (engine.is_local(), is_last) {
            (true, true) => 0.0,
            (true, false) => output * (1.0 - keeps),
            (false, false) if engine.keeps_in_memory() => 0.0,
            (false, _) => output * copies,
        };
        let sent =
            if engine.is_local() || (engine.keeps_in_memory() && !is_last) { 0.0 } else { output * (copies - 1.0) };
        // While map tasks of later waves run, Hadoop's reducers fetch the outputs of earlier ones.
        let waves = (self.maps / cluster.slots() as f64).ceil().max(1.0);
        let left = if engine == Engine::Hadoop { 1.0 / waves } else { 1.0 };
        let read = bytes * from_disk;
        let segments = self.maps * (bytes / self.maps / STRETCH_BYTES).ceil() * if read > 0.0 { 1.0 } else { 0.0 };
        Use {
            processor_seconds: seconds / work.bytes.max(1.0) * bytes
                + merged
                + drawn.shuffle_seconds_per_byte * bytes
                + drawn.pipe_seconds_per_byte * output,
            latency_seconds: drawn.fetch_seconds * self.maps / PARALLEL_FETCHES * left,
            disk_bytes: read * (1.0 + 2.0 * passes) + written,
            seeks: segments + (written / STRETCH_BYTES).ceil(),
            network_bytes: bytes * remote * left + sent,
        }
    }
}

/// What a map task's spills cost it.
struct SpillMerges {
    /// Processor time of merging them.
    seconds: f64,
    /// Times that its output is written or read in all.
    moved: f64,
}

/// Merges one after another until one run is left of `runs`.
fn passes(runs: f64, factor: f64) -> f64 {
    if runs <= 1.0 { 0.0 } else { (runs.ln() / factor.ln()).ceil().max(1.0) }
}

/// Processor time of merging a byte: what the reduce tasks take for merging and encoding.
fn merge_seconds_per_byte(reduce: &Reduce) -> f64 {
    reduce.work.out_seconds / reduce.work.bytes.max(1.0)
}

fn reduces(profile: &Profile, reduce: &Reduce, scenario: &Scenario) -> f64 {
    let measured = reduce.work.tasks;
    let wanted = match (scenario.cluster.reducers, scenario.engine.is_local()) {
        _ if !reduce.follows_setting => measured,
        (Some(reducers), _) => f64::from(reducers),
        (None, true) => measured,
        (None, false) => (REDUCES_PER_SLOT * scenario.cluster.slots() as f64).floor(),
    };
    wanted.min((profile.groups * scenario.growth.max(1.0)).max(measured)).max(1.0)
}

fn maps(profile: &Profile, job: &JobWork, input_bytes: f64, reduces: f64, scenario: &Scenario) -> f64 {
    let cluster = &scenario.cluster;
    let local_splits =
        |bytes: f64, workers: f64| (bytes / LOCAL_SPLIT_BYTES.min((bytes / workers).ceil()).max(1.0)).ceil();
    let by_rule = local_splits(job.map.bytes, profile.workers as f64);
    match (scenario.engine.is_local(), job.reads_input) {
        // Each file has a split that is smaller than the others, so that there are more of a few files.
        (true, true) if (by_rule..2.0 * by_rule).contains(&job.map.tasks) => {
            local_splits(input_bytes, cluster.slots() as f64) + job.map.tasks - by_rule
        }
        // Files that are not cut by this rule: as many more as there is more data.
        (true, true) => (job.map.tasks * scenario.growth).ceil(),
        // Data between jobs have as many partitions as the job had reduce tasks.
        (true, false) => job.map.tasks,
        (false, true) => (input_bytes / cluster.split_bytes as f64).ceil(),
        (false, false) => (input_bytes / cluster.split_bytes as f64).ceil().max(reduces),
    }
    .max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::predict::cluster::tests::cluster;
    use crate::predict::profile::tests::sort;
    use crate::predict::simulation::tests::nothing_drawn;

    fn cost(engine: Engine, nodes: u32, growth: f64, change: impl Fn(&mut Cluster)) -> JobCost {
        let mut cluster = cluster(nodes);
        change(&mut cluster);
        let scenario = Scenario { cluster, engine, growth };
        let profile = sort();
        JobCost::of(&profile, &profile.jobs[0], &scenario, &nothing_drawn())
    }

    #[test]
    fn a_terabyte_is_cut_into_blocks_and_crosses_the_network_but_for_what_stays_on_its_node() {
        let cost = cost(Engine::Hadoop, 4, 1024.0, |_| {});
        assert_eq!((cost.map.tasks, cost.reduce.unwrap().tasks), (8192.0, 30.0));
        let terabyte = (1u64 << 40) as f64;
        assert!((cost.shuffle_bytes / terabyte - 1.0).abs() < 1e-9);
        // Two further copies of the output cross it, too; all waves of maps but the last are fetched meanwhile.
        let expected = terabyte * (2.0 + 0.75 / 256.0);
        assert!((cost.network_bytes / expected - 1.0).abs() < 1e-9, "{}", cost.network_bytes / terabyte);
    }

    #[test]
    fn a_few_files_have_a_few_more_splits_and_many_files_grow_in_number() {
        let maps = |tasks: f64| {
            let mut profile = sort();
            profile.jobs[0].map.tasks = tasks;
            let scenario = Scenario { cluster: cluster(1), engine: Engine::LocalDisk, growth: 4.0 };
            JobCost::of(&profile, &profile.jobs[0], &scenario, &nothing_drawn()).map.tasks
        };
        assert_eq!([8.0, 9.0, 100.0].map(maps), [32.0, 33.0, 400.0]);
    }

    #[test]
    fn tasks_of_a_node_share_its_disk() {
        let time = |cores: u32| {
            let cost = cost(Engine::LocalDisk, 1, 1.0, |cluster| {
                (cluster.cores, cluster.sort_buffer_bytes) = (cores, 1 << 30);
            });
            cost.map.seconds * (cost.map.tasks / f64::from(cores)).ceil()
        };
        let bytes = (1u64 << 30) as f64;
        // A hard disk writes 1 GiB in 7.2 s, and 256 stretches cost 10 ms each: no number of cores makes it faster.
        assert!(time(8) >= 0.999 * (bytes / 150e6 + 2.56), "{}", time(8));
        assert!(time(8) < 1.2 * (bytes / 150e6 + 2.56), "{}", time(8));
        assert!(time(1) > time(8));
    }

    #[test]
    fn memory_keeps_map_outputs_until_it_is_full() {
        let disk_bytes = |memory: u64| cost(Engine::LocalMemory, 1, 1.0, |cluster| cluster.memory_bytes = memory);
        assert_eq!((disk_bytes(64 << 30).disk_bytes, disk_bytes(64 << 30).overflow), (0.0, 0.0));
        let half = disk_bytes((1 << 30) * 10 / 12);
        assert!((half.overflow - 0.5).abs() < 1e-6, "{half:?}");
        assert!(half.disk_bytes > 0.9 * (1u64 << 30) as f64);
    }

    #[test]
    fn a_job_has_no_more_reduce_tasks_with_work_than_groups() {
        let mut profile = sort();
        profile.groups = 10.0;
        let scenario = Scenario { cluster: cluster(1000), engine: Engine::Spark, growth: 1.0 };
        let cost = JobCost::of(&profile, &profile.jobs[0], &scenario, &nothing_drawn());
        assert_eq!(cost.reduce.unwrap().tasks, 10.0);
    }

    #[test]
    fn what_a_combiner_leaves_grows_as_the_keys_do() {
        let mut profile = sort();
        (profile.combines, profile.key_growth) = (true, 0.0);
        let scenario = Scenario { cluster: cluster(4), engine: Engine::Hadoop, growth: 16.0 };
        let cost = JobCost::of(&profile, &profile.jobs[0], &scenario, &nothing_drawn());
        let measured = (1u64 << 30) as f64 / 8.0;
        assert!((cost.shuffle_bytes - 128.0 * measured).abs() < 1.0, "every map task leaves what one left");
    }

    #[test]
    fn runs_are_merged_until_one_is_left() {
        assert_eq!([1.0, 2.0, 10.0, 11.0, 101.0].map(|runs| passes(runs, 10.0)), [0.0, 1.0, 1.0, 2.0, 3.0]);
    }
}
