//! What is wrong with a claim file, in words: `FILE:LINE:COLUMN: KEY: …`.

use crate::cli::suggestion;
use crate::measure::claims::dimension::{Dimension, UNITS};
use crate::measure::claims::figure::FUNCTIONS;
use crate::measure::claims::file::{Refusal, Why};
use crate::measure::claims::statement::{Expected, FaultKind};

/// The message, with file, line, column and key.
pub fn words(file: &str, Refusal { at, key, why }: &Refusal) -> String {
    let place = format!("{file}:{}:{}: ", at.line, at.column);
    let key = if key.is_empty() { String::new() } else { format!("{key}: ") };
    place + &key + &reason(key_name(&key), why)
}

/// The last part of `a.b: `.
fn key_name(key: &str) -> &str {
    key.trim_end_matches(": ").rsplit('.').next().unwrap_or_default()
}

fn reason(key: &str, why: &Why) -> String {
    let listed = |names: &[String]| names.join(", ");
    match why {
        Why::NoToml(message) => format!("this is no TOML: {message}"),
        Why::UnknownKey(known) => {
            format!(
                "there is no such key{}; here are known: {}",
                question(key, known.iter().copied()),
                known.join(", ")
            )
        }
        Why::Missing(key) => format!("the key {key} is missing here"),
        Why::Type { wanted, found } => format!("this must be {wanted}, and is {}", with_article(found)),
        Why::Unknown { what, name, known } => {
            let question = question(name, known.iter().map(String::as_str));
            format!("there is no {what} '{name}'{question}; there are: {}", listed(known))
        }
        Why::Malformed(message) | Why::Options(message) => message.clone(),
        Why::Version(version) => {
            format!("this twinmill reads version 1 of claim files, and this is version {version}")
        }
        Why::Again(name) => format!("the name '{name}' is there twice"),
        Why::Empty => "this is empty".into(),
        Why::Statement(fault) => statement(fault),
        Why::Needs { key } => format!("this figure needs the key {key} in the comparison"),
        Why::DoesNotGrow(column) => {
            format!(
                "'{column}' has no other sizes or iterations: only modes without options of their own have, and for \
                     sizes other programs"
            )
        }
        Why::NothingMeasured => {
            "this compares numbers alone, so there is nothing to measure; name a figure, such as median(disk)".into()
        }
        Why::NothingToExplain => {
            "a reason explains a difference of two times, and the statement compares none, such as median(disk) and \
             median(memory)"
                .into()
        }
        Why::Conflict(other) => format!("this cannot go with {other}; take one of the two"),
    }
}

fn question<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> String {
    suggestion::nearest(name, known).map(|name| format!(" (did you mean {name}?)")).unwrap_or_default()
}

fn with_article(kind: &str) -> String {
    let article = if kind.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {kind}")
}

fn statement(fault: &FaultKind) -> String {
    match fault {
        FaultKind::Unexpected { expected, found } => {
            let found = if found.is_empty() { "the end".to_owned() } else { format!("'{found}'") };
            let hint = match (expected, found.as_str()) {
                (Expected::Continuation, "'='") => " (equality is written ==)",
                (Expected::Continuation, "'!='") => " (write not … == …)",
                (Expected::Continuation, "'&&'") => " (write and)",
                (Expected::Continuation, "'||'") => " (write or)",
                _ => "",
            };
            format!("here should be {}, and is {found}{hint}", expectation(*expected))
        }
        FaultKind::UnknownFigure(name) => {
            let names = || FUNCTIONS.iter().map(|function| function.name).chain(["min", "max"]);
            let list = names().collect::<Vec<_>>().join(", ");
            format!("there is no figure '{name}'{}; there are: {list}", question(name, names()))
        }
        FaultKind::UnknownColumn { name, known } => {
            let near = question(name, known.iter().map(String::as_str));
            format!("the comparison has no column '{name}'{near}; it has: {}", known.join(", "))
        }
        FaultKind::UnknownName { kind, name, known } => {
            let near = question(name, known.iter().map(String::as_str));
            let kind = kind.name().to_lowercase();
            format!("there is no {kind} '{name}'{near}; there are: {}", known.join(", "))
        }
        FaultKind::UnknownUnit(unit) => {
            let names = UNITS.map(|(name, ..)| name);
            format!("there is no unit '{unit}'{}; there are: {}", question(unit, names), names.join(", "))
        }
        FaultKind::Arguments(function) => {
            let arguments: Vec<_> = function.arguments.iter().map(|argument| argument.name()).collect();
            format!("write {}({}): {}", function.name, arguments.join(", "), function.about)
        }
        FaultKind::Dimensions(left, right) => format!(
            "{} cannot be compared with, or added to, {}{}",
            dimension(*left),
            dimension(*right),
            if *left == Dimension::NUMBER || *right == Dimension::NUMBER {
                "; does a number lack its unit?"
            } else {
                ""
            }
        ),
        FaultKind::NotACondition => "this is a value; a statement compares values, with <, <=, >, >= or ==".into(),
        FaultKind::NotAValue => "this is a comparison; here should be a value".into(),
        FaultKind::CrossingInArithmetic => {
            "a crossing is known only as lying between two amounts, so it can only be compared with a number".into()
        }
        FaultKind::TooDeep => "parentheses are nested too deeply".into(),
    }
}

fn expectation(expected: Expected) -> String {
    match expected {
        Expected::Value => "a number, a figure such as median(disk), or a parenthesis".into(),
        Expected::Continuation => "an operator, 'and', 'or', or the end".into(),
        Expected::Sign(sign) => format!("'{sign}'"),
        Expected::Name => "a name".into(),
        Expected::ClosingQuote => "a name that ends with the quote with which it begins".into(),
    }
}

fn dimension(dimension: Dimension) -> String {
    match dimension {
        Dimension::NUMBER => "a plain number".into(),
        Dimension::SECONDS => "seconds".into(),
        Dimension::BYTES => "bytes".into(),
        Dimension { seconds, bytes } => format!("s^{seconds} B^{bytes}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::claims::file::ClaimFile;
    use crate::measure::claims::file::tests::about;

    fn refused(text: &str) -> String {
        words("mine.toml", &ClaimFile::parse(text).unwrap_err())
    }

    #[test]
    fn a_mistyped_word_is_told_with_what_was_meant() {
        let good = about("median(disk) / median(memory) >= 2");
        for (text, told) in [
            (
                good.replace("statement", "statment"),
                "mine.toml:13:1: claim[1].statment: there is no such key (did you mean statement?)",
            ),
            (
                good.replace("\"memory\"", "\"memroy\""),
                "mine.toml:8:20: comparison.columns: there is no mode 'memroy' (did you mean memory?)",
            ),
            (
                about("medain(disk) > 2 s"),
                "mine.toml:13:14: claim[1].statement: there is no figure 'medain' (did you mean median?)",
            ),
            (
                about("median(disk) > 2"),
                "seconds cannot be compared with, or added to, a plain number; does a number lack its unit?",
            ),
            (about("median(disk) = 2 s"), "and is '=' (equality is written ==)"),
            (
                about("median(dsik) > 2 s"),
                "the comparison has no column 'dsik' (did you mean disk?); it has: disk, memory",
            ),
            (
                about("median(disk) > 2 s or 1 < 2"),
                "mine.toml:13:36: claim[1].statement: this compares numbers alone, so there is nothing to measure",
            ),
            (
                about("median(disk) > median('memory at 50 %')"),
                "the comparison has no column 'memory at 50 %'; it has: disk, memory",
            ),
            (
                good.replace("[comparison]", "[comparison]\njob = \"sort\""),
                "mine.toml:8:1: job: this is no TOML: duplicate key",
            ),
            (about("median(disk, memory) > 2 s"), "write median(COLUMN): time, for other programs"),
            (good.replace("= 1\n", "= 3\n"), "mine.toml:1:11: version: this twinmill reads version 1"),
            (
                good.replace("= 1\n", "= \"1\"\n"),
                "mine.toml:1:11: version: this must be a whole number, and is a string",
            ),
        ] {
            let found = refused(&text);
            assert!(found.contains(told), "{found}");
        }
    }
}
