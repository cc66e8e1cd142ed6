//! Programs with different answers, in sentences.

use crate::cli::figures::counted;
use crate::measure::alternative::Difference;
use crate::measure::analysis::votes::{Dissent, Votes};

/// A sentence for each other answer: the programs that differ, and the first difference.
pub fn sentences(votes: &Votes) -> impl Iterator<Item = String> {
    votes.dissents.iter().map(|dissent| sentence(votes, dissent))
}

fn sentence(votes: &Votes, dissent: &Dissent) -> String {
    let others = counted(votes.ours.len() as u64, "other");
    let (names, ours) = (dissent.names.join(" and "), votes.ours.join(", "));
    let mut sentence = format!("{names} gave another answer than the {others} ({ours})");
    if let Some(difference) = &dissent.first_difference {
        let Difference { line, ours, theirs } = difference;
        let shown =
            |text: &Option<String>| text.as_ref().map_or("no more".into(), |text| format!("'{}'", on_one_line(text)));
        sentence +=
            &format!("; in line {line}, compared in order, they have {} and {names} {}", shown(ours), shown(theirs));
    }
    sentence
}

/// A line of an answer as it is quoted in a sentence: TABs and other control characters are escaped.
fn on_one_line(text: &str) -> String {
    let shown = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::analysis::votes::tests::votes;

    #[test]
    fn who_is_alone_is_named_with_where_it_differs() {
        let votes = votes(&[("awk", ""), ("pandas", "x"), ("duckdb", "")]);
        assert!(!votes.are_against_us());
        let expected = "pandas gave another answer than the 5 others (disk, memory, reference, awk, duckdb); in line 3, compared \
                        in order, they have 'b\\t1' and pandas no more";
        assert_eq!(sentences(&votes).collect::<Vec<_>>(), [expected]);
    }
}
