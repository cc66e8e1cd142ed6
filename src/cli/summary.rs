//! The summary that `run` prints at the end.

use std::fmt::Write;
use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Read};
use std::path::PathBuf;

use crate::cli::chart::sparkline;
use crate::cli::figures::{bytes, counted, percent, seconds};
use crate::cli::table::grid_within;
use crate::cli::telling::{recoveries, time_groups};
use crate::cli::terminal;
use crate::config::Intermediates;
use crate::measure::failure::Failure;
use crate::measure::recoveries::Recoveries;
use crate::measure::time_groups::TimeGroups;
use crate::program::Highlights;
use crate::{JobConfig, Report};

/// A few lines about a run; `kept` says whether its output is still there afterwards.
pub fn of(report: &Report, config: &JobConfig, kept: bool) -> String {
    let (counters, output) = (&report.counters, &report.output);
    let mut text = format!(
        "{} ({}): {} with {}, {} of processor time, {} at peak\n",
        report.job,
        report.mode,
        seconds(report.wall_seconds),
        counted(report.workers as u64, "worker"),
        seconds(report.cpu_seconds),
        bytes(report.peak_rss_bytes),
    );
    let mut line =
        |name: &str, value: String| writeln!(text, "  {name:<9} {value}").expect("a string takes every write");
    let mut input = bytes(report.input_bytes);
    if report.factors.is_some() {
        input += &format!(", {}", counted(counters.map_input_records, "record"));
    }
    line("input", input);
    if !report.guessed.is_empty() {
        let guessed = report.guessed.iter().map(|(what, value)| format!("{what} {value}"));
        line("guessed", guessed.collect::<Vec<_>>().join(", "));
    }
    if report.factors.is_some() && counters.map_output_records > 0 {
        line("map", format!("{} out", counted(counters.map_output_records, "record")));
        line(
            "shuffle",
            format!("{}, {}", counted(counters.reduce_input_records, "record"), bytes(counters.reduce_shuffle_bytes)),
        );
        line(
            "files",
            format!("{} written, {} read", bytes(counters.file_bytes_written), bytes(counters.file_bytes_read)),
        );
    }
    if report.programs_cpu_seconds > 0.0 {
        let share = report.programs_cpu_seconds / (report.programs_cpu_seconds + report.cpu_seconds);
        line(
            "programs",
            format!("{} of processor time, {} of all", seconds(report.programs_cpu_seconds), percent(share)),
        );
    }
    if let [first, others @ ..] = report.iterations.as_slice() {
        let times: Vec<f64> = report.iterations.iter().map(|iteration| iteration.wall_seconds).collect();
        let most = times.iter().copied().fold(0.0, f64::max);
        let mut text = format!("{}, {}", counted(times.len() as u64, "iteration"), seconds(first.wall_seconds));
        if !others.is_empty() {
            let mean = times[1..].iter().sum::<f64>() / others.len() as f64;
            text += &format!(", then {} each  {}", seconds(mean), sparkline(&times, most, 40));
        }
        line("loop", text);
    }
    let recovered = Recoveries::of(&report.recoveries);
    if !recovered.is_empty() {
        line("recovered", recoveries::sentence(&recovered));
    }
    if let Some(time) = report.time.zip(report.bounds).and_then(|time| TimeGroups::medians(&[time])) {
        let parts = time.largest(4, 0.02).into_iter();
        let parts = parts.map(|(group, part)| format!("{} {:.0} %", time_groups::name(group), part * 100.0));
        line("time", parts.collect::<Vec<_>>().join(", "));
    }
    if let Some(disk) = &report.disk_profile {
        line("disk", disk.to_string());
    }
    if let Some(cold) = report.cold_cache {
        let came = format!("{} of {}", bytes(cold.from_device_bytes), bytes(cold.to_read_bytes));
        let outcome = if cold.dropped { "cold" } else { "NOT COLD, its pages could not be dropped" };
        line("cache", format!("{outcome}: {came} came from the device"));
    }
    let place = if kept { format!(" in {}", output.path.display()) } else { ", not kept (no --output)".to_owned() };
    line("output", format!("{}, {}{place}", counted(output.records, "record"), bytes(output.bytes)));
    if config.intermediates == Intermediates::Keep && report.factors.is_some() {
        line("kept", format!("map outputs below {}", config.work_dir.display()));
    }
    text
}

/// What a job picks from its output, as lines.
pub fn highlights(highlights: &Highlights) -> Vec<String> {
    const LONGEST_CELL: usize = 60;
    let cell = |cell: &String| shortened(&readable(cell.as_bytes()), LONGEST_CELL);
    let rows: Vec<Vec<String>> = highlights.rows.iter().map(|row| row.iter().map(cell).collect()).collect();
    let table = grid_within(&rows, terminal::width());
    let lines = table.lines().map(str::to_owned);
    std::iter::once(highlights.heading.clone()).chain(lines).collect()
}

/// The first lines of a job's output, long ones cut, bytes that are no text replaced.
///
/// # Errors
/// [`Failure::Library`] where a part cannot be read.
pub fn first_lines(parts: &[PathBuf], lines: usize) -> Result<Vec<String>, Failure> {
    const LONGEST_BYTES: u64 = 200;
    let width = if io::stdout().is_terminal() { terminal::width() } else { usize::MAX };
    let mut first = Vec::new();
    for path in parts {
        let mut part = BufReader::new(File::open(path).map_err(Failure::at("open", path))?);
        while first.len() < lines {
            let mut line = Vec::new();
            let read = part.by_ref().take(LONGEST_BYTES).read_until(b'\n', &mut line);
            if read.map_err(Failure::at("read", path))? == 0 {
                break;
            }
            let cut = line.last() != Some(&b'\n') && line.len() as u64 == LONGEST_BYTES;
            if cut {
                part.skip_until(b'\n').map_err(Failure::at("read", path))?;
            }
            let line = readable(&line) + if cut { "…" } else { "" };
            first.push(shortened(&line, width));
        }
    }
    Ok(first)
}

/// The text, or its beginning and a sign that there is more.
fn shortened(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

fn readable(line: &[u8]) -> String {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let replace = |c: char| if c.is_control() && c != '\t' { char::REPLACEMENT_CHARACTER } else { c };
    String::from_utf8_lossy(line).chars().map(replace).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::Mode;
    use crate::machine::{Machine, ProcessIo};
    use crate::observe::counters::Counters;
    use crate::observe::report::{Bounds, ColdCache, ExtraWork, Iteration, OutputReport, Recovery, RecoveryKind};
    use crate::observe::time_use::{Computing, TimeUse, Waiting};

    fn report() -> Report {
        Report {
            schema: 1,
            job: "wordcount".into(),
            mode: "disk".into(),
            durability: None,
            disk_profile: None,
            factors: Some(Mode::Disk.into()),
            workers: 2,
            reducers: 2,
            input_bytes: 256 << 20,
            input_file_bytes: 256 << 20,
            wall_seconds: 0.642,
            cpu_seconds: 1.1,
            cpu_system_seconds: 0.1,
            programs_cpu_seconds: 0.0,
            peak_rss_bytes: 102 << 20,
            peak_reserved_bytes: 0,
            memory_by_purpose: None,
            evicted_parts: 0,
            counters: Counters {
                map_input_records: 3_446_710,
                map_output_records: 34_480_105,
                reduce_input_records: 399_945,
                reduce_shuffle_bytes: 5 << 20,
                file_bytes_written: 5 << 20,
                file_bytes_read: 5 << 20,
                ..Counters::default()
            },
            user_counters: Default::default(),
            process_io: ProcessIo::default(),
            io_by_purpose: Vec::new(),
            extra_work: ExtraWork::default(),
            cold_cache: None,
            phases: Vec::new(),
            time: None,
            bounds: None,
            iterations: Vec::new(),
            tasks: Vec::new(),
            driver: Vec::new(),
            recoveries: Vec::new(),
            engine: None,
            resumed: None,
            machine: Machine::describe(std::path::Path::new("/")),
            output: OutputReport { path: "counts".into(), records: 200_001, bytes: 3 << 20, digest: None },
            notes: Vec::new(),
            guessed: Default::default(),
        }
    }

    #[test]
    fn a_run_is_summed_up_in_a_few_lines() {
        let mut config = JobConfig::new(Mode::Disk);
        config.intermediates = Intermediates::Keep;
        config.work_dir = "work".into();
        let expected = "\
wordcount (disk): 0.642 s with 2 workers, 1.10 s of processor time, 102 MiB at peak
  input     256 MiB, 3,446,710 records
  map       34,480,105 records out
  shuffle   399,945 records, 5.00 MiB
  files     5.00 MiB written, 5.00 MiB read
  output    200,001 records, 3.00 MiB in counts
  kept      map outputs below work
";
        assert_eq!(of(&report(), &config, true), expected);
    }

    #[test]
    fn what_took_most_time_has_a_line_and_an_emulated_disk_too() {
        let mut report = report();
        let cpu = Computing { sort: 0.6, user: 0.1, parse: 0.01, ..Computing::default() };
        let wait = Waiting { write_intermediate: 0.29, ..Waiting::default() };
        (report.time, report.bounds) = (Some(TimeUse { cpu, wait }), Some(Bounds::default()));
        report.disk_profile = Some("200MB,8ms".parse().unwrap());
        let text = of(&report, &JobConfig::new(Mode::Disk), true);
        assert!(
            text.contains("\n  time      sorting 60 %, waiting for the disk 29 %, the job's own code 10 %\n"),
            "{text}"
        );
        assert!(text.contains("\n  disk      emulated disk (200 MB/s, 8 ms a seek)\n"), "{text}");
    }

    #[test]
    fn a_cache_that_was_not_cold_is_told() {
        let mut report = report();
        let line = |report: &Report| {
            let text = of(report, &JobConfig::new(Mode::Disk), true);
            text.lines().find(|line| line.starts_with("  cache")).map(str::to_owned)
        };
        assert_eq!(line(&report), None);
        let (to_read_bytes, from_device_bytes) = (256 << 20, 257 << 20);
        report.cold_cache = Some(ColdCache { to_read_bytes, from_device_bytes, dropped: true });
        assert_eq!(line(&report).unwrap(), "  cache     cold: 257 MiB of 256 MiB came from the device");
        report.cold_cache = Some(ColdCache { to_read_bytes, from_device_bytes: 0, dropped: false });
        let expected = "  cache     NOT COLD, its pages could not be dropped: 0 B of 256 MiB came from the device";
        assert_eq!(line(&report).unwrap(), expected);
    }

    #[test]
    fn what_was_guessed_has_a_line() {
        let mut report = report();
        let guessed = [("separator", "comma"), ("header", "none")];
        report.guessed = guessed.map(|(what, value)| (what.to_owned(), value.to_owned())).into();
        let text = of(&report, &JobConfig::new(Mode::Memory), true);
        assert!(text.contains("\n  guessed   header none, separator comma\n"), "{text}");
    }

    #[test]
    fn recoveries_have_a_line() {
        let mut report = report();
        let (task, why) = ("map-00001".to_owned(), "panicked".to_owned());
        report.recoveries = vec![Recovery { kind: RecoveryKind::Retry, task, attempt: 1, why, seconds_lost: 0.2 }];
        let text = of(&report, &JobConfig::new(Mode::Memory), true);
        assert!(text.contains("\n  recovered 1 attempt tried again; 0.200 s of workers lost\n"), "{text}");
    }

    #[test]
    fn the_reference_has_nothing_between_input_and_output() {
        let mut report = report();
        (report.factors, report.mode, report.counters) = (None, "reference".into(), Counters::default());
        let expected = "\
wordcount (reference): 0.642 s with 2 workers, 1.10 s of processor time, 102 MiB at peak
  input     256 MiB
  output    200,001 records, 3.00 MiB, not kept (no --output)
";
        assert_eq!(of(&report, &JobConfig::new(Mode::Memory), false), expected);
    }

    #[test]
    fn a_loop_has_a_line_with_a_chart() {
        let mut report = report();
        let times = [0.4, 0.1, 0.1, 0.2];
        let iterations = times.iter().enumerate();
        report.iterations = iterations.map(|(index, time)| Iteration { index, wall_seconds: *time }).collect();
        let text = of(&report, &JobConfig::new(Mode::Memory), true);
        assert!(text.contains("\n  loop      4 iterations, 0.400 s, then 0.133 s each  █▂▂▄\n"), "{text}");
    }

    #[test]
    fn the_first_lines_are_made_readable() {
        let dir = tempfile::tempdir().unwrap();
        let parts = [dir.path().join("part-r-00000"), dir.path().join("part-r-00001")];
        fs::write(&parts[0], [b"a\t1\n\x1b[31m\xff\n".as_slice(), &[b'x'; 300], b"\n"].concat()).unwrap();
        fs::write(&parts[1], "b\t2\nc\t3\nd\t4").unwrap();
        let lines = first_lines(&parts, 5).unwrap();
        assert_eq!(lines[0], "a\t1");
        assert_eq!(lines[1], "\u{fffd}[31m\u{fffd}");
        assert_eq!(lines[2], "x".repeat(200) + "…");
        assert_eq!(lines[3..], ["b\t2", "c\t3"]);
    }
}
