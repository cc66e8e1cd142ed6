//! `twinmill predict`: what a job would take on a cluster, from one run here.
//!
//! The run is made now, or read from its report. [`predict`](crate::predict) has the model; here its questions are
//! asked and its answers told.

use std::fs;
use std::path::Path;

use serde::Serialize;

use crate::cli::figures::{bytes, count, range, seconds};
use crate::cli::options::{PredictOptions, Task};
use crate::cli::pending_file::{PendingFile, write_json};
use crate::cli::piped::Piped;
use crate::cli::progress::ProgressDisplay;
use crate::cli::table::grid_within;
use crate::cli::terminal::{self, note, print, print_json, wrapped};
use crate::cli::{default_input, private_directory};
use crate::config::ExistingOutput;
use crate::measure::failure::{Failure, USAGE};
use crate::measure::running::supervisor::Supervisor;
use crate::predict::cluster::{Cluster, Engine};
use crate::predict::constants::Constants;
use crate::predict::cost::Scenario;
use crate::predict::grades::Grade;
use crate::predict::prediction::{Prediction, Resource, pays_from_bytes};
use crate::predict::profile::Profile;
use crate::runtime::places::Plan;
use crate::{CancelToken, JobConfig, Report, Session};

/// All predictions, as the report has them.
#[derive(Serialize)]
struct Told<'a> {
    schema: u32,
    measured: &'a Profile,
    cluster: &'a Cluster,
    predictions: &'a [Prediction],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pays: &'a Vec<Pays>,
    grades: Vec<Graded>,
    constants: Vec<OfEngine>,
}

#[derive(Serialize)]
struct Graded {
    engine: Engine,
    grade: Option<Grade>,
}

#[derive(Serialize)]
struct OfEngine {
    engine: Engine,
    constants: Constants,
}

/// The size from which on a cluster is faster than one machine.
#[derive(Serialize)]
struct Pays {
    engine: Engine,
    nodes: u32,
    from_bytes: Option<f64>,
}

/// Measures the job, unless a report has it, and prints what it would take elsewhere.
///
/// # Errors
/// [`Failure`] where the job fails, or its report is none that a prediction can be made from.
pub fn predict(options: PredictOptions<'_>) -> Result<(), Failure> {
    let PredictOptions { task, config, args } = options;
    config.validate()?;
    let mut supervisor = Supervisor::start()?;
    let cancel = CancelToken::default();
    let inputs = task.inputs.iter().chain(&args.from).cloned().collect();
    let files = args.report.iter().map(|path| ("--report", path.clone())).collect();
    supervisor.run(&cancel, || Ok(Plan { inputs, files, ..Plan::default() }.check(&cancel)?))?;
    let file = args.report.as_ref().map(|path| PendingFile::create(path, ExistingOutput::Overwrite)).transpose()?;
    let report = match &args.from {
        Some(path) => saved(path, task.job.name())?,
        None => measured(&task, config, args.quiet || args.json, &mut supervisor)?,
    };
    let refuse = |why| Failure::Message(format!("cannot predict {}: {why}", task.job.name()), USAGE);
    let profile = Profile::of(&report).map_err(refuse)?;
    let growth = args.size.map_or(1.0, |size| size.growth(profile.input_bytes));
    let usual = Cluster::usual(1);
    let cluster = Cluster {
        cores: args.cores.unwrap_or(usual.cores),
        disk: args.disk.clone().or_else(|| usual.disk.clone()),
        network: args.network,
        memory_bytes: args.memory.map_or(usual.memory_bytes, |size| size.0),
        replication: args.replication,
        reducers: args.reducers,
        split_bytes: args.split_size.0,
        sort_buffer_bytes: args.sort_buffer.0,
        ..usual
    };
    let here = Cluster {
        cores: args.cores.unwrap_or(profile.workers as u32),
        disk: args.disk.clone(),
        memory_bytes: args.memory.map_or(report.machine.memory_bytes, |size| size.0),
        merge_factor: 64,
        ..cluster.clone()
    };
    let engines: Vec<Engine> = args.engine.iter().flat_map(|engine| engine.engines()).copied().collect();
    let scenarios = engines.iter().flat_map(|engine| {
        let nodes: &[u32] = if engine.is_local() { &[1] } else { &args.nodes };
        let of = if engine.is_local() { &here } else { &cluster };
        nodes.iter().map(move |nodes| Scenario {
            cluster: Cluster { nodes: *nodes, ..of.clone() },
            engine: *engine,
            growth,
        })
    });
    let scenarios: Vec<Scenario> = scenarios.collect();
    let predictions: Vec<Prediction> = scenarios.iter().map(|scenario| Prediction::of(&profile, scenario)).collect();
    let local = Scenario { cluster: here.clone(), engine: Engine::LocalDisk, growth };
    let pays: Vec<Pays> = scenarios
        .iter()
        .filter(|scenario| !scenario.engine.is_local())
        .map(|scenario| Pays {
            engine: scenario.engine,
            nodes: scenario.cluster.nodes,
            from_bytes: pays_from_bytes(&profile, scenario, &local),
        })
        .collect();
    let told = Told {
        schema: 1,
        measured: &profile,
        cluster: if engines.iter().all(|engine| engine.is_local()) { &here } else { &cluster },
        predictions: &predictions,
        pays: &pays,
        grades: engines.iter().map(|engine| Graded { engine: *engine, grade: Grade::of(*engine) }).collect(),
        constants: engines
            .iter()
            .map(|engine| OfEngine { engine: *engine, constants: Constants::of(*engine) })
            .collect(),
    };
    if let (Some(path), Some(file)) = (&args.report, file) {
        supervisor.run(&cancel, || write_json(&told, file, path, &cancel))?;
    }
    if args.json { print_json(&told) } else { print(&text(&told, terminal::width())) }
}

/// Reads the report of a run.
fn saved(path: &Path, job: &str) -> Result<Report, Failure> {
    let json = fs::read(path).map_err(Failure::at("read", path))?;
    let refuse = |why: String| Failure::Message(format!("--from {}: {why}", path.display()), USAGE);
    let report: Report =
        serde_json::from_slice(&json).map_err(|error| refuse(format!("it is no report of 'run --report': {error}")))?;
    if report.job != job {
        return Err(refuse(format!("it is about {}, not {job}", report.job)));
    }
    Ok(report)
}

/// Runs the job here, and throws its output away.
fn measured(task: &Task<'_>, config: JobConfig, quiet: bool, supervisor: &mut Supervisor) -> Result<Report, Failure> {
    let mut session = Session::new(config);
    let cancel = session.cancel.clone();
    let _piped = supervisor.run(&cancel, || Piped::take(&task.inputs, &mut session))?;
    let inputs = supervisor.run(&cancel, || default_input::resolve(task, quiet, &cancel))?;
    let scratch = private_directory::create(&session.config.work_dir, "twinmill-predict-")?;
    session.config.output = Some(scratch.path().join("output"));
    if !quiet {
        note(format_args!("measuring {} here, in {} mode", task.job.name(), session.config.mode.name()));
    }
    let display = (!quiet).then(|| ProgressDisplay::start(session.progress.clone()));
    let report = supervisor.run(&cancel, || Ok(task.job.run(&task.options, &inputs, &session)?));
    drop(display);
    let path = scratch.path().to_owned();
    let closed = scratch.close().map_err(Failure::at("remove", &path));
    let report = report?;
    closed?;
    Ok(report)
}

/// The predictions, for people.
fn text(told: &Told<'_>, width: usize) -> String {
    let mut text = wrapped(&heading(told), width) + "\n";
    let mut engines: Vec<Engine> = Vec::new();
    for prediction in told.predictions {
        if !engines.contains(&prediction.engine) {
            engines.push(prediction.engine);
        }
    }
    for engine in &engines {
        let own: Vec<&Prediction> = told.predictions.iter().filter(|one| one.engine == *engine).collect();
        text += &format!("\n{}\n", wrapped(title(*engine), width));
        text += &grid_within(&rows(&own), width);
        let sentences =
            own.last().map(|largest| limit_sentence(largest)).into_iter().chain(pays_sentence(*engine, told));
        for sentence in sentences.chain([grade_sentence(*engine)]) {
            text += &(wrapped(&sentence, width) + "\n");
        }
    }
    text
}

fn heading(told: &Told<'_>) -> String {
    let Profile { job, mode, wall_seconds, workers, input_bytes, .. } = told.measured;
    let asked = told.predictions.first().map_or(0.0, |prediction| prediction.input_bytes);
    let Cluster { cores, disk, network, memory_bytes, replication, .. } = told.cluster;
    let disk = disk.as_ref().map_or("the disk of this machine".to_owned(), ToString::to_string);
    let run = format!(
        "{job} on {}, predicted from a run on {} here: {} in {mode} mode with {workers} workers.",
        bytes(asked as u64),
        bytes(*input_bytes as u64),
        seconds(*wall_seconds),
    );
    let disk = disk.trim_start_matches("emulated ");
    let machine = format!("{cores} cores like those here, {disk}, {} of memory", bytes(*memory_bytes));
    if told.predictions.iter().all(|prediction| prediction.engine.is_local()) {
        return format!("{run} On a machine with {machine}.");
    }
    format!(
        "{run} Nodes of {machine}; network {network}; {replication} copies of the output. The input lies in the cluster, and the \
         output stays there."
    )
}

fn title(engine: Engine) -> &'static str {
    match engine {
        Engine::LocalDisk => "One machine, intermediates on disk (mode disk)",
        Engine::LocalMemory => "One machine, intermediates in memory (mode memory)",
        Engine::Hadoop => "Hadoop with twinmill's tasks: intermediates on disk, and between jobs",
        Engine::Spark => "Spark with twinmill's tasks: intermediates in memory while there is room",
    }
}

fn rows(predictions: &[&Prediction]) -> Vec<Vec<String>> {
    let head = ["", "time", "interval", "maps", "waves", "reduces", "shuffle", "network", "disk"];
    let row = |one: &&Prediction| {
        let nodes = if one.nodes == 1 { "1 node".into() } else { format!("{} nodes", count(u64::from(one.nodes))) };
        let [shuffle, network, disk] = [one.shuffle_bytes, one.network_bytes, one.disk_bytes].map(|n| bytes(n as u64));
        let [maps, waves, reduces] = [one.maps, one.map_waves, one.reduces].map(|n| count(n as u64));
        vec![nodes, seconds(one.seconds), range(one.interval_seconds), maps, waves, reduces, shuffle, network, disk]
    };
    [head.map(str::to_owned).to_vec()].into_iter().chain(predictions.iter().map(row)).collect()
}

fn limit_sentence(prediction: &Prediction) -> String {
    let at = match (prediction.engine.is_local(), prediction.nodes) {
        (true, _) => "There,".to_owned(),
        (false, 1) => "On one node".to_owned(),
        (false, nodes) => format!("On {} nodes", count(u64::from(nodes))),
    };
    let Some(limit) = prediction.limit() else { return format!("{at} nothing takes time.") };
    let what = match limit.resource {
        Resource::Starting => "starting the job and its tasks limits the job",
        Resource::Processor => "the processors limit the job",
        Resource::Disk => "the disks limit the job",
        Resource::Network => "the network limits the job",
        Resource::LargestPartition => "the largest partition, which one task reduces, limits the job",
        Resource::Stragglers => "waiting for slow tasks limits the job",
        Resource::Driver => "the driver's work between the tasks limits the job",
    };
    format!(
        "{at} {what}: {} of {} would go if that took no time.",
        seconds(limit.saved_seconds),
        seconds(prediction.seconds)
    )
}

/// The size from which on the smallest and the largest cluster pay.
fn pays_sentence(engine: Engine, told: &Told<'_>) -> Option<String> {
    let own: Vec<&Pays> = told.pays.iter().filter(|pays| pays.engine == engine).collect();
    let told = |pays: &Pays| {
        let nodes = count(u64::from(pays.nodes));
        match pays.from_bytes {
            Some(from) => format!("{nodes} nodes pay from {} on", bytes(from as u64)),
            None => format!("{nodes} nodes never pay"),
        }
    };
    let (first, last) = (own.first()?, own.last()?);
    let last = if first.nodes == last.nodes { String::new() } else { format!(", {}", told(last)) };
    Some(format!("Against this machine alone, {}{last}.", told(first)))
}

fn grade_sentence(engine: Engine) -> String {
    let name = engine.name();
    match Grade::of(engine) {
        None => format!("No prediction for {name} was graded yet; its interval is at least a factor of 2 each way."),
        Some(Grade { runs, hits, median_error, largest_error, graded_on, .. }) => format!(
            "Graded: {hits} of {runs} predictions for {name} were within 20 % of what was measured (error {:.0} % in the \
             middle, {:.0} % at most; {graded_on}).",
            median_error * 100.0,
            largest_error * 100.0
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::predict::cluster::tests::cluster;
    use crate::predict::profile::tests::sort;

    #[test]
    fn a_prediction_is_told_with_its_limit_and_its_grade() {
        let (profile, cluster) = (sort(), cluster(4));
        let scenario = Scenario { cluster: cluster.clone(), engine: Engine::Hadoop, growth: 1024.0 };
        let predictions = [Prediction::of(&profile, &scenario)];
        let pays = vec![Pays { engine: Engine::Hadoop, nodes: 4, from_bytes: Some(2e9) }];
        let told = Told {
            schema: 1,
            measured: &profile,
            cluster: &cluster,
            predictions: &predictions,
            pays: &pays,
            grades: Vec::new(),
            constants: Vec::new(),
        };
        let text = text(&told, 200);
        let begins = "sort on 1.00 TiB, predicted from a run on 1.00 GiB here: 2.60 s in disk mode with 2 workers.";
        assert!(text.starts_with(begins), "{text}");
        for part in
            ["disk hdd (150 MB/s, 10 ms a seek)", "4 nodes", "8,192", "the disks limit the job", "pay from 1.86 GiB on"]
        {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
}
