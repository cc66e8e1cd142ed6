//! Verdict and tables in Markdown.

use crate::cli::table::Table;
use crate::cli::telling::{further_tables, headlines, machine, modes, noise, verdict};
use crate::measure::comparison::Comparison;

/// Verdict and tables of these comparisons.
pub fn render(comparisons: &[Comparison]) -> String {
    let mut text = String::new();
    for comparison in comparisons {
        let of_modes = modes::of_modes(comparison);
        let command = shell_words::join(&comparison.command);
        text += &format!("## {}\n\n", escaped(&of_modes.sentence));
        noise::busy(comparison).iter().for_each(|line| text += &format!("{}\n\n", escaped(line)));
        let sentences = headlines(comparison).into_iter().chain(verdict::further(comparison));
        sentences.for_each(|sentence| text += &format!("- {}\n", escaped(&sentence)));
        let identical = if comparison.outputs_identical() { "yes" } else { "**NO**" };
        text += &format!("- outputs identical: {identical} ({})\n", comparison.digests().join(", "));
        if let Some(agree) = comparison.alternatives_agree() {
            text += &format!("- answers of the alternatives: {}\n", if agree { "equal" } else { "**THEY DIFFER**" });
        }
        text.push('\n');
        text += &markdown_table(&of_modes.rows);
        for Table { rows, sentence } in further_tables(comparison) {
            text += &format!("\n{}", markdown_table(&rows));
            // A line of a paragraph would run into the next.
            let lines: Vec<_> = sentence.lines().map(escaped).collect();
            if !lines.is_empty() {
                text += &format!("\n{}\n", lines.join("  \n"));
            }
        }
        text += &format!("\n{}\n", escaped(&machine::line(comparison)));
        if !command.is_empty() {
            let fence = fence(&command);
            text += &format!("\n{fence}\n{command}\n{fence}\n");
        }
        text.push('\n');
    }
    text
}

/// Escapes text for Markdown, on one line.
pub fn escaped(text: &str) -> String {
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

/// A fence for code that may have backticks of its own.
fn fence(code: &str) -> String {
    let longest = code.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(3.max(longest + 1))
}

fn markdown_table(rows: &[Vec<String>]) -> String {
    let mut text = String::new();
    for (i, row) in rows.iter().enumerate() {
        // Leading spaces mean nothing in Markdown, so a dot marks a row below another.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::alternative::tests::alternative;
    use crate::measure::comparison::tests::comparison;

    #[test]
    fn alternatives_have_rows() {
        let mut comparison = comparison([&[0.9], &[0.7], &[1.9]]);
        comparison.alternatives = vec![alternative("awk", false, &[8.0])];
        let text = render(&[comparison]);
        assert!(text.contains("\n- answers of the alternatives: equal\n"), "{text}");
        assert!(
            text.contains("\n| awk | 8.00 s | 8.00–8.00 s | 0.500 s | 12.0 s | 40.0 MiB | 11.43× | equal |\n"),
            "{text}"
        );
    }

    #[test]
    fn markdown_has_the_verdict_and_the_table() {
        let text = render(&[comparison([&[0.92], &[0.70], &[]])]);
        let head = "\
## wordcount: 256 MiB of input, 1 run a mode, 2 workers, 2 reducers, warm page cache

- disk took 1.31× as long as memory (0.920 s against 0.700 s), undecided: fewer than three runs of each do not tell that from noise.
- outputs identical: yes (xxh3:0123456789abcdef)

|  | disk | memory |
|---|---:|---:|
| time, median | 0.920 s | 0.700 s |
| · shortest–longest | 0.920–0.920 s | 0.700–0.700 s |
";
        assert!(text.starts_with(head), "{text}");
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
