//! The table of a comparison: a column for each mode, a row for each thing that can differ.

use crate::cli::chart::sparkline;
use crate::cli::figures::{bytes, count, counted, range, seconds};
use crate::cli::table::Table;
use crate::cli::telling::{programs, purposes, recoveries, time_groups};
use crate::config::DiskProfile;
use crate::measure::column::{Apart, Column, Framework, PeakMemory, PurposeBytes};
use crate::measure::comparison::Comparison;
use crate::measure::recoveries::Cost;
use crate::measure::statistics::median;
use crate::measure::time_groups::{TimeGroup, TimeGroups};
use crate::observe::purpose::Purpose;

/// Cell of a mode that has no such figure.
const NONE: &str = "–";

/// Columns of the longest chart of iterations.
const SPARKLINE_WIDTH: usize = 20;

/// A column for each mode, under a heading.
pub fn of_modes(comparison: &Comparison) -> Table {
    let columns = comparison.columns();
    Table { rows: rows(&columns), sentence: heading(comparison, &columns) }
}

fn heading(comparison: &Comparison, columns: &[Column]) -> String {
    let mut parts = Vec::new();
    let runs = || columns.iter().map(|column| column.runs);
    if let (Some(fewest), Some(most)) = (runs().min(), runs().max()) {
        parts.push(format!("{} of input", bytes(comparison.settings.input_bytes)));
        let from = if fewest < most { format!("{fewest} to ") } else { String::new() };
        parts.push(format!("{from}{} a mode", counted(most as u64, "run")));
    }
    let framework = columns.iter().find_map(|column| Some((column.workers, column.framework.as_ref()?)));
    if let Some((workers, framework)) = framework {
        parts.push(counted(workers, "worker"));
        parts.push(counted(u64::from(framework.reducers), "reducer"));
    }
    parts.push(match comparison.warm_though_asked_cold() {
        Some(_) => "page cache that could not be dropped".to_owned(),
        None => format!("{} page cache", comparison.settings.page_cache),
    });
    parts.extend(comparison.disk_profile().map(DiskProfile::to_string));
    format!("{}: {}", comparison.settings.job, parts.join(", "))
}

fn rows(columns: &[Column]) -> Vec<Vec<String>> {
    let row = |label: &str, cell: &dyn Fn(&Column) -> String| {
        let mut row = vec![label.to_owned()];
        row.extend(columns.iter().map(cell));
        row
    };
    let framework_row = |label: &str, cell: &dyn Fn(&Framework) -> String| {
        row(label, &|column| column.framework.as_ref().map_or(NONE.to_owned(), cell))
    };
    // Of tasks that an engine ran, the cluster does not tell these.
    let here = |label: &str, cell: &dyn Fn(&Column) -> String| {
        row(label, &|column| if column.apart.is_some() { NONE.to_owned() } else { cell(column) })
    };
    let mut rows = vec![
        row("", &|column| column.name.clone()),
        row("time, median", &|column| seconds(column.time.median)),
        row("  shortest–longest", &|column| range((column.time.min, column.time.max))),
        here("processor time, median", &|column| seconds(column.cpu.median)),
        here("  of it in the system", &|column| match column.cpu_system_seconds {
            // Too little for the system to count, or a report of an earlier version.
            0.0 => NONE.to_owned(),
            system => seconds(system),
        }),
    ];
    if columns.iter().any(|column| column.programs_cpu_seconds > 0.0) {
        rows.push(here("processor time of the programs", &|column| seconds(column.programs_cpu_seconds)));
        rows.push(here("  their share of both", &|column| percent(programs::share(column))));
    }
    if columns.iter().any(|column| !column.iteration_seconds.is_empty()) {
        let first = |column: &Column| column.iteration_seconds.first().copied();
        let later = |column: &Column| {
            let later = column.iteration_seconds.get(1..).filter(|later| !later.is_empty())?;
            Some(median(later.iter().copied()))
        };
        let most = columns.iter().flat_map(|column| column.iteration_seconds.iter().copied()).fold(0.0, f64::max);
        rows.extend([
            row("iterations", &|column| match column.iteration_seconds.len() as u64 {
                0 => NONE.to_owned(),
                iterations => count(iterations),
            }),
            row("  the first", &|column| first(column).map_or(NONE.to_owned(), seconds)),
            row("  each other, median", &|column| later(column).map_or(NONE.to_owned(), seconds)),
            row("  one after another", &|column| sparkline(&column.iteration_seconds, most, SPARKLINE_WIDTH)),
        ]);
    }
    if columns.iter().any(|column| column.apart.is_some()) {
        let of_engine = |label: &str, cell: &dyn Fn(Apart) -> String| {
            row(label, &|column| column.apart.map_or(NONE.to_owned(), cell))
        };
        rows.extend([
            of_engine("start-up, and between tasks", &|apart| seconds(apart.seconds_without_task)),
            of_engine("containers of tasks", &|apart| count(apart.attempts as u64)),
            row("shuffled", &|column| {
                let here = column.framework.as_ref().map(|framework| framework.shuffle_bytes);
                let shuffled = column.apart.map(|apart| apart.shuffle_bytes).or(here);
                shuffled.map_or(NONE.to_owned(), |shuffled| bytes(shuffled as u64))
            }),
        ]);
    }
    rows.extend(time_rows(columns));
    rows.push(framework_row("busy time of all workers", &|framework| seconds(framework.busy_seconds())));
    let phases = columns.iter().find_map(|column| Some(&column.framework.as_ref()?.phases));
    for (name, _) in phases.into_iter().flatten() {
        rows.push(framework_row(&format!("  {name}"), &|framework| {
            let busy = framework.phases.iter().find(|(of, _)| of == name).map_or(0.0, |(_, busy)| *busy);
            percent(busy / framework.busy_seconds())
        }));
    }
    rows.extend(recovery_rows(columns));
    rows.extend(io_rows("all files, read", columns, |io| io.read));
    rows.extend(io_rows("all files, written", columns, |io| io.written));
    rows.extend([
        framework_row("through files, written", &|framework| bytes(framework.file_written_bytes as u64)),
        framework_row("through files, read", &|framework| bytes(framework.file_read_bytes as u64)),
        here("to the device, written", &|column| bytes(column.device_written_bytes as u64)),
        here("from the device, read", &|column| bytes(column.device_read_bytes as u64)),
        here("peak memory", &|column| bytes(column.peak_rss_bytes as u64)),
    ]);
    rows.extend(memory_rows(columns));
    rows.extend([
        framework_row("records, into map", &|framework| count(framework.map_input_records as u64)),
        framework_row("records, shuffled", &|framework| count(framework.shuffled_records as u64)),
        row("records, out", &|column| count(column.output_records as u64)),
    ]);
    rows
}

/// Use of the workers' time, as far as it shows in any column, and the bounds that follow from it.
fn time_rows(columns: &[Column]) -> Vec<Vec<String>> {
    const LEAST_SHOWN: f64 = 0.005;
    let times: Vec<Option<TimeGroups>> = columns.iter().map(|column| column.framework.as_ref()?.time).collect();
    if times.iter().all(Option::is_none) {
        return Vec::new();
    }
    let row = |label: String, cell: &dyn Fn(&TimeGroups) -> String| {
        let cells = times.iter().map(|time| time.as_ref().map_or(NONE.to_owned(), cell));
        [label].into_iter().chain(cells).collect::<Vec<_>>()
    };
    let part =
        |time: &TimeGroups, group: TimeGroup| time.parts().find(|(of, _)| *of == group).map_or(0.0, |(_, part)| part);
    let shown = |group: &TimeGroup| times.iter().flatten().any(|time| part(time, *group) >= LEAST_SHOWN);
    let mut rows = vec![row("time of all workers".into(), &|time| seconds(time.total()))];
    let groups = TimeGroup::ALL.into_iter().filter(shown);
    rows.extend(groups.map(|group| row(format!("  {}", time_groups::name(group)), &|time| percent(part(time, group)))));
    rows.push(row("with an infinitely fast disk".into(), &|time| seconds(time.bounds.infinitely_fast_disk_seconds)));
    let free = |time: &TimeGroups| seconds(time.bounds.free_intermediate_files_seconds);
    rows.push(row("with intermediate files for free".into(), &free));
    rows
}

/// Bytes by purpose, those of little account together, so that the rows add up to the first.
fn io_rows(label: &str, columns: &[Column], of: fn(&PurposeBytes) -> f64) -> Vec<Vec<String>> {
    const LEAST_SHOWN: f64 = 0.005;
    let total = |column: &Column| column.io.iter().map(of).sum::<f64>();
    let bytes_of =
        |column: &Column, purpose: Purpose| column.io.iter().find(|io| io.purpose == purpose).map_or(0.0, of);
    let shows = |purpose: &Purpose| {
        *purpose != Purpose::Other
            && columns.iter().any(|column| bytes_of(column, *purpose) > LEAST_SHOWN * total(column))
    };
    let shown: Vec<Purpose> = Purpose::ALL.into_iter().filter(shows).collect();
    let row = |label: String, cell: &dyn Fn(&Column) -> f64| {
        let cells = columns.iter().map(|column| match column.io.is_empty() {
            true => NONE.to_owned(),
            false => bytes(cell(column) as u64),
        });
        [label].into_iter().chain(cells).collect::<Vec<_>>()
    };
    if columns.iter().all(|column| column.io.is_empty()) {
        return Vec::new();
    }
    let rest = |column: &Column| total(column) - shown.iter().map(|purpose| bytes_of(column, *purpose)).sum::<f64>();
    let mut rows = vec![row(label.to_owned(), &total)];
    rows.extend(shown.iter().map(|of| row(format!("  {}", purposes::name(*of)), &|column| bytes_of(column, *of))));
    rows.push(row(format!("  {}", purposes::name(Purpose::Other)), &rest));
    rows
}

/// Peak memory by purpose, which adds up to it.
fn memory_rows(columns: &[Column]) -> Vec<Vec<String>> {
    let memory: Vec<Option<PeakMemory>> = columns.iter().map(|column| column.framework.as_ref()?.memory).collect();
    let row = |label: &str, of: fn(&PeakMemory) -> f64| {
        let shown = memory.iter().flatten().any(|memory| of(memory) > 0.0);
        let cells = memory.iter().map(|memory| memory.as_ref().map_or(NONE.to_owned(), |m| bytes(of(m) as u64)));
        shown.then(|| [label.to_owned()].into_iter().chain(cells).collect())
    };
    let rows = [
        row("  sort buffers", |memory| memory.sort_buffers),
        row("  runs in memory", |memory| memory.runs),
        row("  cache of the loop", |memory| memory.cache),
        row("  program and the rest", |memory| memory.rest),
    ];
    rows.into_iter().flatten().collect()
}

/// Recoveries from failures, if there were any in any column.
fn recovery_rows(columns: &[Column]) -> Vec<Vec<String>> {
    let costs: Vec<Option<Vec<Cost>>> =
        columns.iter().map(|column| Some(recoveries::rows(&column.framework.as_ref()?.recoveries))).collect();
    let row = |(i, label): (usize, &&str)| {
        let of_kind = || costs.iter().map(move |costs| costs.as_ref().map(|costs| costs[i]));
        let cell = |cost: Option<Cost>| cost.map_or(NONE.to_owned(), |cost| recoveries::cell(&cost).to_string());
        let happened = of_kind().flatten().any(|cost| !cost.is_zero());
        happened.then(|| [(*label).to_owned()].into_iter().chain(of_kind().map(cell)).collect())
    };
    recoveries::ROWS.iter().enumerate().filter_map(row).collect()
}

fn percent(share: f64) -> String {
    if share.is_finite() { format!("{:.0} %", share * 100.0) } else { NONE.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::table::grid;
    use crate::measure::comparison::tests::{comparison, run};
    use crate::measure::mode::RunMode;
    use crate::measure::recoveries::tests::recoveries;
    use crate::observe::report::{Bounds, RecoveryKind};

    fn render(comparison: &Comparison) -> String {
        let Table { rows, sentence } = of_modes(comparison);
        format!("{sentence}\n\n{}", grid(&rows))
    }

    #[test]
    fn a_mode_has_a_column() {
        let text = render(&comparison([&[0.90, 0.92, 0.95], &[0.69, 0.70, 0.72], &[1.9, 1.8, 2.0]]));
        let expected = "\
wordcount: 256 MiB of input, 3 runs a mode, 2 workers, 2 reducers, warm page cache

                                    disk          memory     reference
time, median                     0.920 s         0.700 s        1.90 s
  shortest–longest         0.900–0.950 s   0.690–0.720 s   1.80–2.00 s
processor time, median            1.20 s          1.20 s        1.20 s
  of it in the system            0.100 s         0.100 s       0.100 s
busy time of all workers          1.81 s          1.51 s             –
  map                               55 %            66 %             –
  sort                               6 %             7 %             –
  spill                             11 %             0 %             –
  merge                              6 %             0 %             –
  shuffle                            0 %             0 %             –
  reduce                            22 %            26 %             –
  commit                             1 %             1 %             –
through files, written           353 MiB             0 B             –
through files, read              350 MiB             0 B             –
to the device, written           355 MiB             0 B           0 B
from the device, read                0 B             0 B           0 B
peak memory                      350 MiB         350 MiB       350 MiB
records, into map              3,425,000       3,425,000             –
records, shuffled                400,000         400,000             –
records, out                     200,000         200,000       200,000
";
        assert_eq!(text, expected, "\n{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 90));
    }

    #[test]
    fn a_loop_is_charted_on_one_scale() {
        let columns = comparison([&[1.0], &[0.5], &[]]).columns();
        let mut columns: Vec<Column> = columns.into_iter().collect();
        columns[0].iteration_seconds = vec![0.4, 0.2, 0.4];
        columns[1].iteration_seconds = vec![0.4, 0.05, 0.05];
        let text = grid(&rows(&columns)[5..9]);
        let expected = "\
iterations                   3         3
  the first            0.400 s   0.400 s
  each other, median   0.300 s   50.0 ms
  one after another        █▄█       █▁▁
";
        assert_eq!(text, expected, "\n{text}");
    }

    #[test]
    fn what_workers_waited_for_has_rows() {
        let mut columns = comparison([&[1.0], &[0.5], &[2.0]]).columns();
        assert!(time_rows(&columns).is_empty());
        let bounds = Bounds { infinitely_fast_disk_seconds: 0.8, free_intermediate_files_seconds: 0.75 };
        let mut time = TimeGroups { bounds, ..TimeGroups::default() };
        (time.seconds[0], time.seconds[4], time.seconds[9]) = (0.001, 1.6, 0.4);
        columns[0].framework.as_mut().unwrap().time = Some(time);
        let text = grid(&time_rows(&columns));
        let expected = "\
time of all workers                 2.00 s   –   –
  sorting                             80 %   –   –
  waiting for the disk                20 %   –   –
with an infinitely fast disk       0.800 s   –   –
with intermediate files for free   0.750 s   –   –
";
        assert_eq!(text, expected, "\n{text}");
    }

    #[test]
    fn bytes_by_purpose_add_up_to_all_bytes() {
        let mut columns = comparison([&[1.0], &[0.5], &[2.0]]).columns();
        assert!(io_rows("all files, read", &columns, |io| io.read).is_empty());
        let of = |(purpose, read)| PurposeBytes { purpose, read, written: 0.0 };
        let mib = f64::from(1 << 20);
        columns[0].io = [(Purpose::Input, 10.0 * mib), (Purpose::Sampling, 4.0 * mib), (Purpose::Journal, 1024.0)]
            .into_iter()
            .chain([(Purpose::Other, 4096.0)])
            .map(of)
            .collect();
        columns[1].io = vec![of((Purpose::Input, 10.0 * mib)), of((Purpose::Other, 2048.0))];
        let text = grid(&io_rows("all files, read", &columns, |io| io.read));
        let expected = "\
all files, read        14.0 MiB   10.0 MiB   –
  input                10.0 MiB   10.0 MiB   –
  sampling the input   4.00 MiB        0 B   –
  everything else      5.00 KiB   2.00 KiB   –
";
        assert_eq!(text, expected, "\n{text}");
    }

    #[test]
    fn memory_by_purpose_adds_up_to_the_peak() {
        let mut columns = comparison([&[1.0], &[0.5], &[2.0]]).columns();
        assert!(memory_rows(&columns).is_empty());
        let mib = f64::from(1 << 20);
        let memory = PeakMemory { sort_buffers: 200.0 * mib, runs: 0.0, cache: 0.0, rest: 150.0 * mib };
        columns[0].framework.as_mut().unwrap().memory = Some(memory);
        let text = grid(&memory_rows(&columns));
        let expected = ["  sort buffers           200 MiB   –   –\n", "  program and the rest   150 MiB   –   –\n"];
        let expected = expected.concat();
        assert_eq!(text, expected, "\n{text}");
    }

    #[test]
    fn an_emulated_disk_is_named_in_the_heading() {
        let mut comparison = comparison([&[], &[], &[]]);
        let mut run = run(RunMode::Disk, 1.0, "xxh3:0");
        run.report.disk_profile = Some("hdd".parse().unwrap());
        comparison.add(run, "disk", 0);
        let heading = render(&comparison).lines().next().unwrap().to_owned();
        assert!(heading.ends_with("warm page cache, emulated disk hdd (150 MB/s, 10 ms a seek)"), "{heading}");
    }

    #[test]
    fn recoveries_have_rows_where_there_were_any() {
        let columns = comparison([&[1.0], &[0.5], &[2.0]]).columns();
        assert!(recovery_rows(&columns).is_empty());
        let mut columns = columns;
        let disk = [(RecoveryKind::Retry, 0.1), (RecoveryKind::Restart, 0.01), (RecoveryKind::Rerun, 0.2)];
        columns[0].framework.as_mut().unwrap().recoveries = recoveries(disk);
        columns[1].framework.as_mut().unwrap().recoveries = recoveries([(RecoveryKind::Retry, 0.09)]);
        let text = grid(&recovery_rows(&columns));
        let expected = "\
recoveries, time of workers   3, 0.310 s   1, 90.0 ms   –
  attempts tried again        1, 0.100 s   1, 90.0 ms   –
  map outputs made again      1, 0.200 s            0   –
  reducers begun anew         1, 10.0 ms            0   –
";
        assert_eq!(text, expected, "\n{text}");
    }

    #[test]
    fn the_reference_alone_has_no_phases() {
        let text = render(&comparison([&[], &[], &[2.0]]));
        assert!(text.starts_with("wordcount: 256 MiB of input, 1 run a mode, warm page cache\n"), "{text}");
        assert!(!text.contains("  map"), "{text}");
    }
}
