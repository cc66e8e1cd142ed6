//! A comparison in other forms: a page, Markdown, CSV, a trace. The JSON report is where all of them come from.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::CancelToken;
use crate::cli::args::ExportArgs;
use crate::cli::compare::comparison::Comparison;
use crate::cli::compare::table::{Table, of_modes};
use crate::cli::compare::verdict;
use crate::cli::failure::Failure;
use crate::cli::pending_file::{PendingFile, write_whole};
use crate::cli::report_page;
use crate::cli::time_groups::emulated_disk;
use crate::config::ExistingOutput;

impl ExportArgs {
    fn paths(&self) -> [Option<&Path>; 4] {
        [&self.html, &self.export_markdown, &self.export_csv, &self.trace].map(Option::as_deref)
    }

    /// The files that are to be written, with the options that name them.
    pub fn files(&self) -> Vec<(&'static str, PathBuf)> {
        let options = ["--html", "--export-markdown", "--export-csv", "--trace"];
        let named = options.into_iter().zip(self.paths());
        named.filter_map(|(option, path)| Some((option, path?.to_owned()))).collect()
    }

    /// Whether anything is to be written.
    pub fn is_empty(&self) -> bool {
        self.paths().iter().all(Option::is_none)
    }

    /// Finds out whether all files can be written.
    ///
    /// # Errors
    /// [`Failure::Library`] for the first that cannot.
    pub fn check(&self) -> Result<(), Failure> {
        for path in self.paths().into_iter().flatten() {
            drop(PendingFile::create(path, ExistingOutput::Overwrite)?);
        }
        Ok(())
    }

    /// Writes what was asked for.
    ///
    /// # Errors
    /// [`Failure::Library`] where a file cannot be written.
    pub fn write(&self, comparisons: &[Comparison], cancel: &CancelToken) -> Result<(), Failure> {
        let forms: [fn(&[Comparison]) -> String; 4] = [report_page::render, markdown, csv, trace];
        for (path, form) in self.paths().into_iter().zip(forms) {
            let Some(path) = path else { continue };
            let file = PendingFile::create(path, ExistingOutput::Overwrite)?;
            write_whole(file, path, form(comparisons).as_bytes(), cancel)?;
        }
        Ok(())
    }
}

fn markdown(comparisons: &[Comparison]) -> String {
    let mut text = String::new();
    for comparison in comparisons {
        let modes = of_modes(comparison);
        let command = comparison.command.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
        text += &format!("## {}\n\n", escaped(&modes.sentence));
        verdict::sentences(comparison).iter().for_each(|sentence| text += &format!("- {}\n", escaped(sentence)));
        let identical = if comparison.outputs_identical() { "yes" } else { "**NO**" };
        text += &format!("- outputs identical: {identical} ({})\n", comparison.digests().join(", "));
        if let Some(agree) = comparison.alternatives_agree() {
            text += &format!("- answers of the alternatives: {}\n", if agree { "equal" } else { "**THEY DIFFER**" });
        }
        text.push('\n');
        text += &markdown_table(&modes.rows);
        for Table { rows, sentence } in comparison.further_tables() {
            // A line of a paragraph would run into the next.
            let lines: Vec<_> = sentence.lines().map(escaped).collect();
            text += &format!("\n{}\n{}\n", markdown_table(&rows), lines.join("  \n"));
        }
        text += &format!("\n{}\n", escaped(&comparison.machine()));
        if !command.is_empty() {
            let fence = fence(&command);
            text += &format!("\n{fence}\n{command}\n{fence}\n");
        }
        text.push('\n');
    }
    text
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// Text that means nothing but itself in Markdown, on one line.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '\\' | '|' | '`' | '*' | '[' | ']' => escaped.extend(['\\', c]),
            '<' => escaped += "&lt;",
            '&' => escaped += "&amp;",
            '\n' | '\r' => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

/// What stands around code that may have backticks of its own.
fn fence(code: &str) -> String {
    let longest = code.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(3.max(longest + 1))
}

fn markdown_table(rows: &[Vec<String>]) -> String {
    let mut text = String::new();
    for (i, row) in rows.iter().enumerate() {
        // Leading spaces mean nothing in Markdown; a row below another is told by its dot.
        let cells = row.iter().map(|cell| match cell.strip_prefix("  ") {
            Some(below) => format!("· {}", escaped(below.trim())),
            None => escaped(cell),
        });
        text += &format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "));
        if i == 0 {
            text += &format!("|---|{}\n", "---:|".repeat(row.len() - 1));
        }
    }
    text
}

/// What a run comes to, by where it stands in its report; behind `*` the sum over a list. Wall time is the job's; start-up is
/// what the process took beyond.
const COLUMNS: &[(&str, &str)] = &[
    ("job", "/job"),
    ("variant", "/variant"),
    ("mode", "/mode"),
    ("round", "/round"),
    ("map_output", "/factors/map_output"),
    ("between_jobs", "/factors/between_jobs"),
    ("invariant", "/factors/invariant"),
    ("grouping", "/factors/grouping"),
    ("workers", "/workers"),
    ("reducers", "/reducers"),
    ("wall_seconds", "/wall_seconds"),
    ("startup_seconds", "/startup_seconds"),
    ("cpu_seconds", "/cpu_seconds"),
    ("iterations", "/iterations"),
    ("peak_rss_bytes", "/peak_rss_bytes"),
    ("peak_reserved_bytes", "/peak_reserved_bytes"),
    ("input_bytes", "/input_bytes"),
    ("map_input_records", "/counters/MAP_INPUT_RECORDS"),
    ("map_output_records", "/counters/MAP_OUTPUT_RECORDS"),
    ("map_output_bytes", "/counters/MAP_OUTPUT_BYTES"),
    ("shuffle_records", "/counters/REDUCE_INPUT_RECORDS"),
    ("shuffle_bytes", "/counters/REDUCE_SHUFFLE_BYTES"),
    ("file_bytes_written", "/counters/FILE_BYTES_WRITTEN"),
    ("file_bytes_read", "/counters/FILE_BYTES_READ"),
    ("device_bytes_written", "/process_io/write_bytes"),
    ("device_bytes_read", "/process_io/read_bytes"),
    ("disk_profile", "/disk_profile/name"),
    ("cpu_parse_seconds", "/time/cpu/parse"),
    ("cpu_user_seconds", "/time/cpu/user"),
    ("cpu_combine_seconds", "/time/cpu/combine"),
    ("cpu_encode_seconds", "/time/cpu/encode"),
    ("cpu_sort_seconds", "/time/cpu/sort"),
    ("cpu_merge_seconds", "/time/cpu/merge"),
    ("cpu_copy_seconds", "/time/cpu/copy"),
    ("cpu_read_input_seconds", "/time/cpu/read_input"),
    ("cpu_write_output_seconds", "/time/cpu/write_output"),
    ("cpu_read_intermediate_seconds", "/time/cpu/read_intermediate"),
    ("cpu_write_intermediate_seconds", "/time/cpu/write_intermediate"),
    ("cpu_other_seconds", "/time/cpu/other"),
    ("wait_read_input_seconds", "/time/wait/read_input"),
    ("wait_write_output_seconds", "/time/wait/write_output"),
    ("wait_read_intermediate_seconds", "/time/wait/read_intermediate"),
    ("wait_write_intermediate_seconds", "/time/wait/write_intermediate"),
    ("wait_lock_seconds", "/time/wait/lock"),
    ("wait_channel_seconds", "/time/wait/channel"),
    ("wait_processor_seconds", "/time/wait/processor"),
    ("infinitely_fast_disk_seconds", "/bounds/infinitely_fast_disk_seconds"),
    ("free_intermediate_files_seconds", "/bounds/free_intermediate_files_seconds"),
    ("cold_cache_dropped", "/cold_cache/dropped"),
    ("recoveries", "/recoveries"),
    ("recovery_seconds_lost", "/recoveries/*/seconds_lost"),
    ("output_records", "/output/records"),
    ("output_bytes", "/output/bytes"),
    ("output_digest", "/output/digest"),
    ("agrees", "/agrees"),
    ("cpu_model", "/machine/cpu_model"),
];

/// One line a run, RFC 4180.
fn csv(comparisons: &[Comparison]) -> String {
    let mut text = COLUMNS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(",") + "\r\n";
    for comparison in comparisons {
        comparison.reports().for_each(|run| text += &csv_line(run));
        for alternative in &comparison.alternatives {
            alternative.runs.iter().for_each(|run| text += &csv_line(&run.as_report(comparison, alternative)));
        }
    }
    text
}

fn csv_line(run: &Value) -> String {
    let cells = COLUMNS.iter().map(|(_, pointer)| match pointer.split_once("/*") {
        Some((list, number)) => sum(run.pointer(list), number),
        None => match run.pointer(pointer) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => csv_cell(text),
            Some(Value::Array(items)) => items.len().to_string(),
            Some(value) => value.to_string(),
        },
    });
    cells.collect::<Vec<_>>().join(",") + "\r\n"
}

fn sum(list: Option<&Value>, pointer: &str) -> String {
    let Some(items) = list.and_then(Value::as_array) else { return String::new() };
    items.iter().filter_map(|item| item.pointer(pointer)?.as_f64()).fold(0.0, |sum, number| sum + number).to_string()
}

fn csv_cell(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

/// The tasks of each variant's middle run as complete events of Chrome's trace format: a process for each variant, a thread
/// for each lane of tasks that ran at the same time. Perfetto and `chrome://tracing` open it.
fn trace(comparisons: &[Comparison]) -> String {
    let mut events = Vec::new();
    let runs = comparisons.iter().flat_map(Comparison::middle_runs);
    for (process, run) in (1..).zip(runs) {
        let mut name = format!("{} {}", text(run, "job"), text(run, "variant"));
        if let Some(disk) = emulated_disk(run) {
            write!(name, ", {disk}").expect("a string takes every write");
        }
        if let Some(round) = run["round"].as_u64() {
            write!(name, ", round {}", round + 1).expect("a string takes every write");
        }
        events.push(json!({"name": "process_name", "ph": "M", "pid": process, "tid": 0, "args": {"name": name}}));
        let mut tasks: Vec<&Value> = run["tasks"].as_array().into_iter().flatten().collect();
        let start = |task: &Value| task["start_seconds"].as_f64().unwrap_or(0.0);
        let end = |task: &Value| task["end_seconds"].as_f64().unwrap_or(0.0);
        tasks.sort_by(|a, b| start(a).total_cmp(&start(b)));
        // When each lane is free again.
        let mut lanes: Vec<f64> = Vec::new();
        for task in tasks {
            let lane = lanes.iter().position(|free| *free <= start(task)).unwrap_or(lanes.len());
            if lane == lanes.len() {
                lanes.push(0.0);
            }
            lanes[lane] = end(task);
            let kind = if text(task, "id").contains("reduce-") { "reduce" } else { "map" };
            events.push(json!({
                "name": task["id"], "cat": kind, "ph": "X", "pid": process, "tid": lane + 1,
                "ts": start(task) * 1e6, "dur": (end(task) - start(task)) * 1e6,
                "args": {"attempt": task["attempt"], "outcome": task["outcome"], "records": task["records"],
                    "bytes": task["bytes"], "seconds": task["time"]},
            }));
        }
    }
    json!({"displayTimeUnit": "ms", "traceEvents": events}).to_string()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::compare::alternatives::tests::alternative;
    use crate::cli::compare::comparison::tests::comparison;

    #[test]
    fn alternatives_are_in_every_form() {
        let mut comparison = comparison([&[0.9], &[0.7], &[1.9]]);
        comparison.alternatives = vec![alternative("awk", false, &[8.0])];
        let text = markdown(&[comparison.clone()]);
        assert!(text.contains("\n- answers of the alternatives: equal\n"), "{text}");
        assert!(
            text.contains("\n| awk | 8.00 s | 8.00–8.00 s | 0.500 s | 12.0 s | 40.0 MiB | 11.43× | equal |\n"),
            "{text}"
        );
        let text = csv(&[comparison]);
        assert!(text.contains("\r\nwordcount,awk,,0,,,,,1,,8.0,0.5,12.0,"), "{text}");
        assert!(text.lines().any(|line| line.starts_with("wordcount,awk,") && line.ends_with(",true,")), "{text}");
    }

    #[test]
    fn markdown_has_the_verdict_and_the_table() {
        let text = markdown(&[comparison([&[0.92], &[0.70], &[]])]);
        let head = "\
## wordcount: 256 MiB of input, 1 run a mode, 2 workers, 2 reducers, warm page cache

- disk took 1.31× the time of memory (0.920 s against 0.700 s); fewer than three rounds do not tell that from noise.
- outputs identical: yes (xxh3:0123456789abcdef)

|  | disk | memory |
|---|---:|---:|
| time, median | 0.920 s | 0.700 s |
| · shortest–longest | 0.920–0.920 s | 0.700–0.700 s |
";
        assert!(text.starts_with(head), "{text}");
    }

    #[test]
    fn csv_has_a_line_for_each_run() {
        let text = csv(&[comparison([&[0.92, 0.95], &[0.70], &[1.9]])]);
        let lines: Vec<_> = text.split("\r\n").collect();
        assert_eq!(lines.len(), 1 + 4 + 1);
        let cells = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
        let row: Vec<_> = cells(lines[0]).into_iter().zip(cells(lines[2])).collect();
        assert!(row.contains(&("variant".into(), "disk".into())) && row.contains(&("round".into(), "1".into())));
        assert!(row.contains(&("wall_seconds".into(), "0.95".into())), "{row:?}");
        assert_eq!(quoted("--pattern=it's"), r"'--pattern=it'\''s'");
        assert_eq!(csv_cell("a \"b\", c"), "\"a \"\"b\"\", c\"");
    }

    #[test]
    fn what_means_something_in_markdown_is_escaped() {
        let hostile = "a|b\\`c`\n<script>&[x](y)*";
        let expected = r"a\|b\\\`c\` &lt;script>&amp;\[x\](y)\*";
        assert_eq!(escaped(hostile), expected);
        let table = markdown_table(&[vec!["x".into(), "y".into()], vec![format!("  {hostile}"), hostile.into()]]);
        assert_eq!(table.lines().nth(2).unwrap(), format!("| · {expected} | {expected} |"));
        assert_eq!((fence("plain"), fence("a ```` b")), ("```".into(), "`````".into()));
    }
}
