//! A line for each run, by RFC 4180.

use csv::{Terminator, WriterBuilder};
use serde::Serialize;

use crate::config::{Grouping, Invariant, Medium};
use crate::measure::alternative::{Alternative, AlternativeRun};
use crate::measure::comparison::Comparison;
use crate::measure::run::Run;
use crate::observe::report::Report;

/// The figures of a run, a column a field. Wall time is the job's; start-up is the rest of the process's time. For
/// another program's run, wall time is that of its work.
#[derive(Debug, Default, Serialize)]
struct Row<'a> {
    job: &'a str,
    variant: &'a str,
    mode: Option<&'a str>,
    round: Option<u32>,
    map_output: Option<Medium>,
    between_jobs: Option<Medium>,
    invariant: Option<Invariant>,
    grouping: Option<Grouping>,
    workers: usize,
    reducers: Option<u32>,
    wall_seconds: f64,
    startup_seconds: Option<f64>,
    cpu_seconds: f64,
    iterations: usize,
    peak_rss_bytes: u64,
    peak_reserved_bytes: Option<u64>,
    input_bytes: u64,
    map_input_records: Option<u64>,
    map_output_records: Option<u64>,
    map_output_bytes: Option<u64>,
    shuffle_records: Option<u64>,
    shuffle_bytes: Option<u64>,
    file_bytes_written: Option<u64>,
    file_bytes_read: Option<u64>,
    device_bytes_written: Option<u64>,
    device_bytes_read: Option<u64>,
    disk_profile: Option<&'a str>,
    cpu_parse_seconds: Option<f64>,
    cpu_user_seconds: Option<f64>,
    cpu_combine_seconds: Option<f64>,
    cpu_encode_seconds: Option<f64>,
    cpu_sort_seconds: Option<f64>,
    cpu_merge_seconds: Option<f64>,
    cpu_copy_seconds: Option<f64>,
    cpu_read_input_seconds: Option<f64>,
    cpu_write_output_seconds: Option<f64>,
    cpu_read_intermediate_seconds: Option<f64>,
    cpu_write_intermediate_seconds: Option<f64>,
    cpu_other_seconds: Option<f64>,
    wait_read_input_seconds: Option<f64>,
    wait_write_output_seconds: Option<f64>,
    wait_read_intermediate_seconds: Option<f64>,
    wait_write_intermediate_seconds: Option<f64>,
    wait_lock_seconds: Option<f64>,
    wait_channel_seconds: Option<f64>,
    wait_processor_seconds: Option<f64>,
    wait_asleep_seconds: Option<f64>,
    wait_driver_seconds: Option<f64>,
    infinitely_fast_disk_seconds: Option<f64>,
    free_intermediate_files_seconds: Option<f64>,
    cold_cache_dropped: Option<bool>,
    recoveries: Option<usize>,
    recovery_seconds_lost: Option<f64>,
    output_records: Option<u64>,
    output_bytes: Option<u64>,
    output_digest: Option<&'a str>,
    agrees: Option<bool>,
    cpu_model: Option<&'a str>,
}

/// A line a run, under the names of the columns.
pub fn render(comparisons: &[Comparison]) -> String {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    for comparison in comparisons {
        let runs = comparison.runs.iter().map(Row::of);
        let others = comparison.alternatives.iter().flat_map(|other| other.runs.iter().map(move |run| (other, run)));
        let others = others.map(|(other, run)| Row::of_alternative(comparison, other, run));
        runs.chain(others).for_each(|row| writer.serialize(row).expect("memory takes every row"));
    }
    let bytes = writer.into_inner().expect("memory takes every row");
    String::from_utf8(bytes).expect("cells are text")
}

impl<'a> Row<'a> {
    fn of(Run { report, startup_seconds, variant, round }: &'a Run) -> Self {
        let Report { factors, counters, process_io, time, bounds, recoveries, output, .. } = report;
        let (cpu, wait) = (time.map(|time| time.cpu), time.map(|time| time.wait));
        Row {
            job: &report.job,
            variant,
            mode: Some(&report.mode),
            round: Some(*round),
            map_output: factors.map(|factors| factors.map_output),
            between_jobs: factors.map(|factors| factors.between_jobs),
            invariant: factors.map(|factors| factors.invariant),
            grouping: factors.map(|factors| factors.grouping),
            workers: report.workers,
            reducers: Some(report.reducers),
            wall_seconds: report.wall_seconds,
            startup_seconds: Some(*startup_seconds),
            cpu_seconds: report.cpu_seconds,
            iterations: report.iterations.len(),
            peak_rss_bytes: report.peak_rss_bytes,
            peak_reserved_bytes: Some(report.peak_reserved_bytes),
            input_bytes: report.input_bytes,
            map_input_records: Some(counters.map_input_records),
            map_output_records: Some(counters.map_output_records),
            map_output_bytes: Some(counters.map_output_bytes),
            shuffle_records: Some(counters.reduce_input_records),
            shuffle_bytes: Some(counters.reduce_shuffle_bytes),
            file_bytes_written: Some(counters.file_bytes_written),
            file_bytes_read: Some(counters.file_bytes_read),
            device_bytes_written: Some(process_io.write_bytes),
            device_bytes_read: Some(process_io.read_bytes),
            disk_profile: report.disk_profile.as_ref().map(|profile| profile.name.as_str()),
            cpu_parse_seconds: cpu.map(|cpu| cpu.parse),
            cpu_user_seconds: cpu.map(|cpu| cpu.user),
            cpu_combine_seconds: cpu.map(|cpu| cpu.combine),
            cpu_encode_seconds: cpu.map(|cpu| cpu.encode),
            cpu_sort_seconds: cpu.map(|cpu| cpu.sort),
            cpu_merge_seconds: cpu.map(|cpu| cpu.merge),
            cpu_copy_seconds: cpu.map(|cpu| cpu.copy),
            cpu_read_input_seconds: cpu.map(|cpu| cpu.read_input),
            cpu_write_output_seconds: cpu.map(|cpu| cpu.write_output),
            cpu_read_intermediate_seconds: cpu.map(|cpu| cpu.read_intermediate),
            cpu_write_intermediate_seconds: cpu.map(|cpu| cpu.write_intermediate),
            cpu_other_seconds: cpu.map(|cpu| cpu.other),
            wait_read_input_seconds: wait.map(|wait| wait.read_input),
            wait_write_output_seconds: wait.map(|wait| wait.write_output),
            wait_read_intermediate_seconds: wait.map(|wait| wait.read_intermediate),
            wait_write_intermediate_seconds: wait.map(|wait| wait.write_intermediate),
            wait_lock_seconds: wait.map(|wait| wait.lock),
            wait_channel_seconds: wait.map(|wait| wait.channel),
            wait_processor_seconds: wait.map(|wait| wait.processor),
            wait_asleep_seconds: wait.map(|wait| wait.asleep),
            wait_driver_seconds: wait.map(|wait| wait.driver),
            infinitely_fast_disk_seconds: bounds.map(|bounds| bounds.infinitely_fast_disk_seconds),
            free_intermediate_files_seconds: bounds.map(|bounds| bounds.free_intermediate_files_seconds),
            cold_cache_dropped: report.cold_cache.map(|cold| cold.dropped),
            recoveries: Some(recoveries.len()),
            recovery_seconds_lost: Some(recoveries.iter().fold(0.0, |sum, recovery| sum + recovery.seconds_lost)),
            output_records: Some(output.records),
            output_bytes: Some(output.bytes),
            output_digest: output.digest.as_deref(),
            agrees: None,
            cpu_model: Some(&report.machine.cpu_model),
        }
    }

    fn of_alternative(comparison: &'a Comparison, alternative: &Alternative, run: &'a AlternativeRun) -> Self {
        Row {
            job: &comparison.settings.job,
            variant: &run.variant,
            round: Some(run.round),
            workers: if alternative.parallel { comparison.settings.workers } else { 1 },
            wall_seconds: run.work_seconds,
            startup_seconds: Some(run.startup_seconds),
            cpu_seconds: run.cpu_seconds,
            iterations: run.iteration_seconds.len(),
            peak_rss_bytes: run.peak_rss_bytes,
            input_bytes: run.input_bytes,
            agrees: run.agrees(|digest| comparison.gave(digest)),
            ..Row::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::alternative::tests::alternative;
    use crate::measure::comparison::tests::comparison;

    #[test]
    fn there_is_a_line_for_each_run() {
        let text = render(&[comparison([&[0.92, 0.95], &[0.70], &[1.9]])]);
        let lines: Vec<_> = text.split("\r\n").collect();
        assert_eq!(lines.len(), 1 + 4 + 1);
        let cells = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
        let row: Vec<_> = cells(lines[0]).into_iter().zip(cells(lines[2])).collect();
        assert!(row.contains(&("variant".into(), "disk".into())) && row.contains(&("round".into(), "1".into())));
        assert!(row.contains(&("wall_seconds".into(), "0.95".into())), "{row:?}");
        assert!(row.contains(&("map_output".into(), "disk".into())) && row.contains(&("agrees".into(), String::new())));
    }

    #[test]
    fn alternatives_have_lines() {
        let mut comparison = comparison([&[0.9], &[0.7], &[1.9]]);
        comparison.alternatives = vec![alternative("awk", false, &[8.0])];
        let text = render(&[comparison]);
        assert!(text.contains("\r\nwordcount,awk,,0,,,,,1,,8.0,0.5,12.0,"), "{text}");
        assert!(text.lines().any(|line| line.starts_with("wordcount,awk,") && line.ends_with(",true,")), "{text}");
    }

    #[test]
    fn what_means_something_in_a_line_is_quoted() {
        let mut comparison = comparison([&[1.0], &[], &[]]);
        comparison.runs[0].report.machine.cpu_model = "a \"b\", c".into();
        assert!(render(&[comparison]).ends_with(",\"a \"\"b\"\", c\"\r\n"));
    }
}
