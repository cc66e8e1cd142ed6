//! The work of a measured run, by job and by kind of task, apart from where it was done.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::observe::purpose::Purpose;
use crate::observe::report::{Outcome, Report, TaskReport};

/// A run, taken apart into work.
#[derive(Clone, Debug, Serialize)]
pub struct Profile {
    /// Job name.
    pub job: String,
    /// Mode that the run was measured in.
    pub mode: String,
    /// Its time.
    pub wall_seconds: f64,
    /// Workers that it had.
    pub workers: usize,
    /// Bytes of its input files, each counted once.
    pub input_bytes: f64,
    /// Its jobs, in order.
    pub jobs: Vec<JobWork>,
    /// Time when no task ran: what the driver does alone, which no cluster does faster.
    pub driver_seconds: f64,
    /// Processor time of a worker that does not grow with the data: memory that is used for the first time.
    pub once_seconds: f64,
    /// Whether map outputs are combined.
    pub combines: bool,
    /// Growth of the number of different keys with the data: 1 in proportion, 0 not at all.
    pub key_growth: f64,
    /// Groups of the job with most groups: no more reduce tasks have work.
    pub groups: f64,
}

/// A MapReduce job of the run.
#[derive(Clone, Debug, Serialize)]
pub struct JobWork {
    /// The map tasks.
    pub map: Work,
    /// The reduce tasks, if there are any.
    pub reduce: Option<Reduce>,
    /// Whether it reads the run's input; else what another job left.
    pub reads_input: bool,
    /// Whether it reads the run's input again, which memory mode keeps parsed.
    pub reads_again: bool,
    /// Bytes that it leaves.
    pub output_bytes: f64,
}

/// The tasks of one kind.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Work {
    /// Tasks. Of map tasks, small ones, such as that of the end of a file, count for what they are.
    pub tasks: f64,
    /// Bytes that they read: input, or map outputs.
    pub bytes: f64,
    /// Processor time that depends on what comes in: parsing, the job's own code, folding.
    pub in_seconds: f64,
    /// The part of it that finds records in input bytes, and reads them.
    pub parse_seconds: f64,
    /// Processor time that depends on what goes out: sorting, merging, encoding.
    pub out_seconds: f64,
    /// Time in calls to intermediate files, without waiting for an emulated disk.
    pub file_seconds: f64,
    /// Standard deviation of the tasks' time a byte, against its mean.
    pub spread: f64,
}

/// The reduce tasks.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Reduce {
    /// Their work; its bytes are those of the shuffle.
    pub work: Work,
    /// Bytes that the map outputs take in Hadoop's sort buffer, its index included, against those of the shuffle.
    pub buffered_ratio: f64,
    /// Those of that index alone. In the sort buffer of this process it has twice the size.
    pub index_ratio: f64,
    /// Share of the shuffle by which the largest partition is larger than the mean: about what the most frequent key
    /// has.
    pub heaviest_share: f64,
    /// Whether the job has as many reduce tasks as the run was given; else its own number stays.
    pub follows_setting: bool,
}

impl Profile {
    /// The work of a run.
    ///
    /// # Errors
    /// A sentence that says why nothing can be predicted from it.
    pub fn of(report: &Report) -> Result<Self, String> {
        if report.factors.is_none() {
            return Err("the reference has no tasks to predict from; measure --mode disk".into());
        }
        if report.tasks.iter().any(|task| task.outcome != Outcome::Succeeded) {
            return Err("tasks failed in this run; predict from one without failures".into());
        }
        if report.resumed.is_some() {
            return Err("this run was resumed; predict from one that did all of its work".into());
        }
        let by_job = tasks_by_job(&report.tasks);
        if by_job.is_empty() {
            return Err("the run had no tasks; give it an input that is not empty".into());
        }
        let emulated = report.disk_profile.is_some();
        let shuffled: f64 = by_job.values().map(|job| bytes_of(&job.reduces)).sum();
        let combining = Combining::of(report, &by_job);
        let (buffered, index) = buffered_bytes(report, &combining);
        let left = report.io(Purpose::BetweenJobs).map_or(0.0, |io| io.bytes_written as f64);
        let last = by_job.len() - 1;
        let once = once_seconds(report);
        let jobs = by_job.values().enumerate().map(|(at, job)| {
            let mut map = Work::of(&job.maps, emulated);
            if at == 0 {
                map.forget(once);
            }
            let reduce = (!job.reduces.is_empty()).then(|| Reduce {
                work: Work::of(&job.reduces, emulated),
                buffered_ratio: (buffered / shuffled.max(1.0)).max(1.0),
                index_ratio: index / shuffled.max(1.0),
                heaviest_share: heaviest_share(&job.reduces),
                follows_setting: job.reduces.len() as u32 == report.reducers,
            });
            let input = report.input_file_bytes as f64;
            let reads_input = at == 0 || reads_whole(&map, input);
            if reads_input && input > 0.0 {
                map.tasks = alike(&job.maps);
                // Tasks read a little beyond their ends, which matters where they are small.
                map.bytes = input;
            }
            let share = if shuffled > 0.0 { bytes_of(&job.reduces) / shuffled } else { 0.0 };
            let output_bytes = if at == last { report.output.bytes as f64 } else { left * share };
            JobWork { map, reduce, reads_input, reads_again: reads_input && at > 0, output_bytes }
        });
        Ok(Profile {
            job: report.job.clone(),
            mode: report.mode.clone(),
            wall_seconds: report.wall_seconds,
            workers: report.workers,
            input_bytes: report.input_file_bytes.max(1) as f64,
            jobs: jobs.collect(),
            driver_seconds: (report.wall_seconds - covered_seconds(&report.tasks)).max(0.0),
            once_seconds: once / report.workers.max(1) as f64,
            combines: combining.combines,
            key_growth: combining.key_growth,
            groups: report.counters.reduce_input_groups as f64,
        })
    }
}

/// Processor time of the first tasks for the memory of their buffers, which later ones use again: the system's own time, without
/// calls to files, as far as it is not more than half of the first map tasks'. In memory mode most of it is for intermediate
/// data, which grow, so nothing is told.
fn once_seconds(report: &Report) -> f64 {
    const MOST_OF_MAPS: f64 = 0.5;
    if report.mode != "disk" {
        return 0.0;
    }
    let outside_files = report.cpu_system_seconds - report.time.map_or(0.0, |time| time.cpu.in_files());
    let first_maps = report.tasks.iter().filter(|task| task.id.starts_with("map-"));
    let computing: f64 = first_maps.map(|task| task.time.cpu.total() - task.time.cpu.in_files()).sum();
    outside_files.clamp(0.0, MOST_OF_MAPS * computing.max(0.0))
}

/// The tasks of one job.
#[derive(Default)]
struct Tasks<'a> {
    maps: Vec<&'a TaskReport>,
    reduces: Vec<&'a TaskReport>,
}

/// `map-00000` belongs to the first job, `job2-map-00000` to the second.
fn tasks_by_job(tasks: &[TaskReport]) -> BTreeMap<u32, Tasks<'_>> {
    let mut jobs: BTreeMap<u32, Tasks<'_>> = BTreeMap::new();
    for task in tasks {
        let of_later = task.id.strip_prefix("job").and_then(|rest| rest.split_once('-'));
        let (job, name) = match of_later {
            Some((number, name)) => (number.parse().unwrap_or(1), name),
            None => (1, task.id.as_str()),
        };
        let job = jobs.entry(job).or_default();
        if name.starts_with("map") { job.maps.push(task) } else { job.reduces.push(task) }
    }
    jobs
}

fn bytes_of(tasks: &[&TaskReport]) -> f64 {
    tasks.iter().map(|task| task.bytes as f64).sum()
}

/// Whether these map tasks read all of the run's input.
fn reads_whole(map: &Work, input_bytes: f64) -> bool {
    const MOST_OF_IT: f64 = 0.9;
    input_bytes > 0.0 && map.bytes >= MOST_OF_IT * input_bytes
}

/// The effect of combining.
struct Combining {
    combines: bool,
    key_growth: f64,
}

impl Combining {
    /// Fits Heaps' law, `keys = c · data^growth`, through the keys of one map task and those of all tasks together.
    /// With one map task there is one point; the square root is taken then, which is usual for words. A chain of jobs
    /// hands on entries of the input (nodes of a graph), which grow in proportion.
    fn of(report: &Report, jobs: &BTreeMap<u32, Tasks<'_>>) -> Self {
        const USUAL_GROWTH: f64 = 0.5;
        let counters = &report.counters;
        let combines = counters.combine_input_records > 0
            && counters.reduce_input_records > 0
            && counters.reduce_input_records < counters.map_output_records;
        let input = report.input_file_bytes as f64;
        let is_chain = jobs.values().skip(1).any(|job| !reads_whole(&Work::of(&job.maps, false), input));
        if !combines || is_chain {
            return Combining { combines, key_growth: 1.0 };
        }
        let reducing: Vec<&Tasks<'_>> = jobs.values().filter(|job| !job.reduces.is_empty()).collect();
        let maps: usize = reducing.iter().map(|job| job.maps.len()).sum();
        let maps_each = maps as f64 / reducing.len().max(1) as f64;
        let keys_each = counters.reduce_input_records as f64 / maps.max(1) as f64;
        let groups = counters.reduce_input_groups as f64 / reducing.len().max(1) as f64;
        let growth = if maps_each < 1.5 { USUAL_GROWTH } else { (groups / keys_each).ln() / maps_each.ln() };
        Combining { combines, key_growth: growth.clamp(0.0, 1.0) }
    }
}

/// Bytes that go through Hadoop's sort buffers, and those of their index: a combiner's table lets only combined records through.
fn buffered_bytes(report: &Report, combining: &Combining) -> (f64, f64) {
    const INDEX_BYTES_PER_RECORD: f64 = 16.0;
    let counters = &report.counters;
    let (bytes, records) = if combining.combines {
        (counters.reduce_shuffle_bytes, counters.reduce_input_records)
    } else {
        (counters.map_output_bytes, counters.map_output_records)
    };
    let index = INDEX_BYTES_PER_RECORD * records as f64;
    (bytes as f64 + index, index)
}

impl Work {
    fn of(tasks: &[&TaskReport], emulated: bool) -> Self {
        let sum = |of: fn(&TaskReport) -> f64| tasks.iter().map(|task| of(task)).sum::<f64>();
        let parse_seconds = sum(|task| task.time.cpu.parse + task.time.cpu.read_input + task.time.wait.read_input);
        let own = sum(|task| task.time.cpu.user + task.time.cpu.combine + task.time.cpu.other + task.time.wait.asleep);
        let out = sum(|task| {
            let cpu = &task.time.cpu;
            cpu.encode + cpu.sort + cpu.merge + cpu.copy + cpu.write_output + task.time.wait.write_output
        });
        let in_files = sum(|task| task.time.cpu.read_intermediate + task.time.cpu.write_intermediate);
        let waiting = sum(|task| task.time.wait.read_intermediate + task.time.wait.write_intermediate);
        let locks = sum(|task| task.time.wait.lock);
        Work {
            tasks: tasks.len() as f64,
            bytes: bytes_of(tasks),
            in_seconds: parse_seconds + own + locks,
            parse_seconds,
            out_seconds: out,
            file_seconds: in_files + if emulated { 0.0 } else { waiting },
            spread: spread(tasks),
        }
    }

    /// Takes seconds of a processor away that do not grow with the data, from each kind of work its share.
    fn forget(&mut self, seconds: f64) {
        let all = self.in_seconds + self.out_seconds;
        let left = if all > 0.0 { (1.0 - seconds / all).max(0.0) } else { 1.0 };
        self.in_seconds *= left;
        self.parse_seconds *= left;
        self.out_seconds *= left;
    }
}

/// Number of tasks, each of the mean size, that differ as little as these tell: the square of the sum of their bytes against the
/// sum of their squares.
fn alike(tasks: &[&TaskReport]) -> f64 {
    let squares: f64 = tasks.iter().map(|task| (task.bytes as f64).powi(2)).sum();
    if squares > 0.0 { (bytes_of(tasks).powi(2) / squares).round().max(1.0) } else { tasks.len() as f64 }
}

/// The variation of the tasks' processor time a byte. Few tasks tell little of it, and short ones nothing.
fn spread(tasks: &[&TaskReport]) -> f64 {
    const FEWEST: usize = 4;
    const SHORTEST_SECONDS: f64 = 0.05;
    const USUAL: f64 = 0.05;
    const MOST: f64 = 0.5;
    let rates: Vec<f64> = tasks
        .iter()
        .filter(|task| task.bytes > 0 && task.time.cpu.total() >= SHORTEST_SECONDS)
        .map(|task| task.time.cpu.total() / task.bytes as f64)
        .collect();
    if rates.len() < FEWEST {
        return USUAL;
    }
    let mean = rates.iter().sum::<f64>() / rates.len() as f64;
    let variance = rates.iter().map(|rate| (rate - mean).powi(2)).sum::<f64>() / (rates.len() - 1) as f64;
    (variance.sqrt() / mean).min(MOST)
}

fn heaviest_share(tasks: &[&TaskReport]) -> f64 {
    let total = bytes_of(tasks);
    let largest = tasks.iter().map(|task| task.bytes).max().unwrap_or(0) as f64;
    if total > 0.0 { (largest - total / tasks.len() as f64) / total } else { 0.0 }
}

/// Time during which at least one task ran.
fn covered_seconds(tasks: &[TaskReport]) -> f64 {
    let mut spans: Vec<(f64, f64)> = tasks.iter().map(|task| (task.start_seconds, task.end_seconds)).collect();
    spans.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut covered, mut until) = (0.0, 0.0_f64);
    for (start, end) in spans {
        covered += (end - start.max(until)).max(0.0);
        until = until.max(end);
    }
    covered
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A sort of 1 GiB: eight maps, two reduces, all bytes shuffled.
    pub fn sort() -> Profile {
        let map = Work {
            tasks: 8.0,
            bytes: (1u64 << 30) as f64,
            in_seconds: 1.0,
            parse_seconds: 0.4,
            out_seconds: 1.0,
            file_seconds: 0.4,
            spread: 0.05,
        };
        let reduce = Work { tasks: 2.0, parse_seconds: 0.0, ..map };
        let reduce =
            Reduce { work: reduce, buffered_ratio: 1.0, index_ratio: 0.0, heaviest_share: 0.01, follows_setting: true };
        let job = JobWork {
            map,
            reduce: Some(reduce),
            reads_input: true,
            reads_again: false,
            output_bytes: (1u64 << 30) as f64,
        };
        Profile {
            job: "sort".into(),
            mode: "disk".into(),
            wall_seconds: 2.6,
            workers: 2,
            input_bytes: (1u64 << 30) as f64,
            jobs: vec![job],
            driver_seconds: 0.1,
            once_seconds: 0.0,
            combines: false,
            key_growth: 1.0,
            groups: 1e7,
        }
    }

    fn task(id: &str, bytes: u64, (start_seconds, end_seconds): (f64, f64), user: f64) -> TaskReport {
        let mut task: TaskReport = serde_json::from_value(serde_json::json!({
            "id": id, "attempt": 0, "outcome": "succeeded", "start_seconds": start_seconds, "end_seconds": end_seconds,
            "records": 1, "bytes": bytes
        }))
        .unwrap();
        task.time.cpu.user = user;
        task
    }

    #[test]
    fn tasks_belong_to_the_job_that_their_names_say() {
        let tasks = ["map-00000", "reduce-00000", "job2-map-00000", "job12-reduce-00001"];
        let tasks: Vec<_> = tasks.into_iter().map(|id| task(id, 1, (0.0, 1.0), 0.1)).collect();
        let jobs = tasks_by_job(&tasks);
        let counts: Vec<_> = jobs.iter().map(|(job, tasks)| (*job, tasks.maps.len(), tasks.reduces.len())).collect();
        assert_eq!(counts, [(1, 1, 1), (2, 1, 0), (12, 0, 1)]);
    }

    #[test]
    fn the_task_of_the_end_of_a_file_hardly_counts() {
        let alike_of = |bytes: &[u64]| {
            let tasks: Vec<_> = bytes.iter().map(|bytes| task("map-00000", *bytes, (0.0, 1.0), 0.1)).collect();
            alike(&tasks.iter().collect::<Vec<_>>())
        };
        assert_eq!(
            [alike_of(&[64, 64, 1]), alike_of(&[64, 64, 60]), alike_of(&[0, 0]), alike_of(&[5])],
            [2.0, 3.0, 2.0, 1.0]
        );
    }

    #[test]
    fn the_driver_has_what_no_task_covers() {
        let spans = [(0.5, 1.0), (0.6, 2.0), (3.0, 4.0)];
        let tasks: Vec<_> = spans.into_iter().map(|span| task("map-00000", 1, span, 0.1)).collect();
        assert_eq!(covered_seconds(&tasks), 2.5);
    }

    #[test]
    fn the_heaviest_partition_is_told_by_its_excess() {
        let tasks = [task("reduce-00000", 60, (0.0, 1.0), 0.1), task("reduce-00001", 40, (0.0, 1.0), 0.1)];
        assert!((heaviest_share(&tasks.iter().collect::<Vec<_>>()) - 0.1).abs() < 1e-12);
    }

    #[test]
    fn tasks_that_take_unequally_long_for_a_byte_have_a_spread() {
        let even: Vec<_> = (0..6).map(|_| task("map-00000", 100, (0.0, 1.0), 1.0)).collect();
        assert_eq!(spread(&even.iter().collect::<Vec<_>>()), 0.0);
        let uneven: Vec<_> = (0..6).map(|i| task("map-00000", 100, (0.0, 1.0), 1.0 + 0.1 * f64::from(i))).collect();
        assert!(spread(&uneven.iter().collect::<Vec<_>>()) > 0.1);
    }
}
