//! Modes and other programs in one table, a row each, and the reasons of those that did not take part.

use crate::cli::figures::{bytes, range, seconds};
use crate::cli::table::Table;
use crate::cli::telling::votes;
use crate::measure::alternative::Alternative;
use crate::measure::analysis::tools::{Answers, Tool, by_size, fastest_mode, tools};
use crate::measure::analysis::votes::Votes;
use crate::measure::comparison::Comparison;

/// A row a tool; `None` where no alternative was asked for.
pub fn table(comparison: &Comparison) -> Option<Table> {
    if comparison.alternatives.is_empty() {
        return None;
    }
    let tools = tools(comparison);
    let fastest = fastest_mode(&tools);
    let loading = tools.iter().any(|tool| tool.load_seconds.is_some());
    let mut head = ["", "work", "range", "start-up"].map(str::to_owned).to_vec();
    head.extend(loading.then(|| "load".to_owned()));
    head.extend(["processor", "memory"].map(str::to_owned));
    head.extend(fastest.map(|fastest| format!("× {}", fastest.name)));
    head.push("answer".into());
    let mut rows = vec![head];
    for tool in &tools {
        let mut row = vec![
            tool.name.clone(),
            seconds(tool.work.median),
            range((tool.work.min, tool.work.max)),
            if tool.startup_seconds > 0.0 { seconds(tool.startup_seconds) } else { "–".into() },
        ];
        row.extend(loading.then(|| tool.load_seconds.map_or("–".into(), seconds)));
        row.extend([seconds(tool.cpu_seconds), bytes(tool.peak_rss_bytes as u64)]);
        row.extend(fastest.map(|fastest| format!("{:.2}×", tool.work.median / fastest.work.median)));
        row.push(match tool.answer {
            Answers::Equal(0.0) => "equal".into(),
            Answers::Equal(difference) => format!("±{difference:.0e}"),
            Answers::Differ => "DIFFERS".into(),
            Answers::None => "–".into(),
        });
        rows.push(row);
    }
    let versions: Vec<String> = comparison.alternatives.iter().filter_map(version).collect();
    let load = if loading { " A database takes the input in before it works, which is load." } else { "" };
    let mut lines = vec![format!(
        "Work is from the first read to the last write, by each program's own clock; start-up is the rest.{load}"
    )];
    lines.extend((!versions.is_empty()).then(|| format!("Versions: {}.", versions.join(", "))));
    lines.extend(answers(comparison));
    Some(Table { rows, sentence: lines.join("\n") })
}

/// Who gave another answer, and who did not take part.
pub fn answers(comparison: &Comparison) -> Vec<String> {
    let votes = votes::sentences(&Votes::of(comparison)).collect::<Vec<_>>();
    let absences = absences(&comparison.alternatives);
    votes.into_iter().chain(absences).map(|sentence| format!("{sentence}.")).collect()
}

/// The whole time of each tool on each size of the input; `None` where there is only one size.
pub fn table_by_size(comparison: &Comparison) -> Option<Table> {
    let sizes = by_size(comparison);
    if sizes.is_empty() {
        return None;
    }
    let mut head = vec!["work and start-up".to_owned()];
    head.extend(sizes.iter().map(|(size, _)| bytes(*size)));
    let row = |tool: &Tool| {
        let time = |tools: &[Tool]| tools.iter().find(|other| other.name == tool.name).map(Tool::total_seconds);
        let times = sizes.iter().map(|(_, tools)| time(tools).map_or("–".into(), seconds));
        [tool.name.clone()].into_iter().chain(times).collect()
    };
    let rows = [head].into_iter().chain(tools(comparison).iter().map(row)).collect();
    Some(Table { rows, sentence: "Medians, by size of the input.".into() })
}

/// `awk is mawk 1.3.4`, `duckdb 2.0.0`.
fn version(alternative: &Alternative) -> Option<String> {
    let Alternative { name, system, version, .. } = alternative;
    let version = version.as_ref()?;
    Some(if name == system { format!("{name} {version}") } else { format!("{name} is {system} {version}") })
}

/// The reasons of those that do not take part, one line each.
pub fn absences(alternatives: &[Alternative]) -> Vec<String> {
    let absence = |alternative: &Alternative| {
        let Alternative { name, skipped, failed, declined, .. } = alternative;
        let why = skipped.as_ref().map(|why| format!("{name} was not run: {why}"));
        let failure = failed.as_ref().map(|why| format!("{name} FAILED: {}", why.lines().next().unwrap_or_default()));
        let declined = declined.iter().map(|(attempt, why)| format!("{attempt} was not run: {why}"));
        why.into_iter().chain(failure).chain(declined).collect::<Vec<_>>()
    };
    alternatives.iter().flat_map(absence).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::alternative::tests::alternative;
    use crate::measure::analysis::tools::tests::{on_two_sizes, with_alternatives};
    use crate::measure::comparison::tests::comparison;

    #[test]
    fn a_tool_has_a_row() {
        let text = table(&with_alternatives()).unwrap().to_string();
        // `concat!` keeps the spaces that the head begins with.
        let expected = concat!(
            "               work           range   start-up   processor     memory   × memory    answer\n",
            "cp          0.100 s   0.100–0.100 s    0.500 s     0.150 s   40.0 MiB      0.14×         –\n",
            "memory      0.700 s   0.690–0.720 s    20.0 ms      1.20 s    350 MiB      1.00×     equal\n",
            "disk        0.920 s   0.900–0.950 s    20.0 ms      1.20 s    350 MiB      1.31×     equal\n",
            "duckdb       1.10 s     1.00–1.20 s    0.500 s      1.65 s   40.0 MiB      1.57×   DIFFERS\n",
            "reference    1.90 s     1.80–2.00 s    20.0 ms      1.20 s    350 MiB      2.71×     equal\n",
            "numpy        3.00 s     3.00–3.00 s    0.500 s      4.50 s   40.0 MiB      4.29×    ±2e-13\n",
            "awk          8.10 s     8.00–8.20 s    0.500 s      12.1 s   40.0 MiB     11.57×     equal\n",
            "Work is from the first read to the last write, by each program's own clock; start-up is the rest.\n",
            "Versions: awk is mawk 1.0, duckdb 1.0, numpy 1.0, cp 1.0.\n",
            "duckdb gave another answer than the 5 others (disk, memory, reference, awk, numpy).\n",
            "kmeans was not run: no program.\n",
        );
        assert_eq!(text, expected, "\n{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 100));
    }

    #[test]
    fn sizes_are_columns() {
        let mut comparison = on_two_sizes();
        let text = table_by_size(&comparison).unwrap().to_string();
        let expected = "\
work and start-up   256 MiB   1.00 GiB
disk                0.920 s     3.52 s
reference            1.92 s          –
awk                  8.50 s     32.0 s
Medians, by size of the input.
";
        assert_eq!(text, expected, "\n{text}");
        comparison.growths.clear();
        assert!(table_by_size(&comparison).is_none());
    }

    #[test]
    fn there_is_no_table_without_alternatives() {
        assert!(table(&comparison([&[1.0], &[1.0], &[1.0]])).is_none());
    }

    #[test]
    fn those_that_do_not_take_part_say_why() {
        let mut absent =
            [alternative("awk", false, &[]), alternative("spark", true, &[]), alternative("nx", true, &[])];
        absent[0].skipped = Some("has no program for kmeans".into());
        absent[1].failed = Some("status 1".into());
        absent[2].declined.insert("nx ×4".into(), "input over 32 MiB".into());
        let expected = [
            "awk was not run: has no program for kmeans",
            "spark FAILED: status 1",
            "nx ×4 was not run: input over 32 MiB",
        ];
        assert_eq!(absences(&absent), expected);
    }
}
