//! Verdicts on claims in words.

use crate::cli::claims::measuring::Measured;
use crate::cli::figures::{bytes, count, counted, seconds};
use crate::cli::telling::{cause, modes, noise};
use crate::cli::terminal::wrapped;
use crate::measure::claims::dimension::Dimension;
use crate::measure::claims::file::{Changed, Claim, ClaimFile, Lesson, Source};
use crate::measure::claims::judge::{Finding, ValueOf};
use crate::measure::claims::mechanism::Check;
use crate::measure::claims::outcome::{Missing, Outcome};
use crate::measure::claims::statement::Truth;

/// A verdict in a word or two.
pub fn verdict(outcome: &Outcome) -> &'static str {
    match (outcome.truth, outcome.missing.is_empty()) {
        (Truth::True, _) => "true here",
        (Truth::False, _) => "false here",
        (Truth::Undecided, true) => "undecided",
        (Truth::Undecided, false) => "not measured",
    }
}

/// The claims of a file, each with what was found.
pub fn text(measured: &Measured<'_>, width: usize) -> String {
    let mut paragraphs: Vec<String> = scaled(measured).map(|scaled| wrapped(&scaled, width)).into_iter().collect();
    for (i, comparison) in measured.comparisons.iter().enumerate() {
        let own: Vec<_> = measured.claims().filter(|(claim, _)| claim.comparison == i).collect();
        if own.is_empty() {
            continue;
        }
        paragraphs.extend(noise::busy(comparison).map(|busy| wrapped(&busy, width)));
        let name = measured.name_of(i).map_or_else(String::new, |name| format!("{name}: "));
        paragraphs.push(wrapped(&(name + &modes::of_modes(comparison).sentence), width));
        paragraphs.extend(own.into_iter().map(|(claim, outcome)| {
            let claimed = with_source(&measured.given.file, claim);
            let head = format!("{}: {claimed}", verdict(outcome).to_uppercase());
            let meaning = meaning(claim, outcome).map(str::to_owned);
            let lines = sentences(claim, outcome).into_iter().chain(meaning).chain(remarks(claim));
            let lines = lines.map(|line| format!("  {line}"));
            let lines: Vec<String> = std::iter::once(head).chain(lines).map(|line| wrapped(&line, width)).collect();
            lines.join("\n")
        }));
    }
    paragraphs.join("\n\n") + "\n"
}

/// Says that inputs were of another size than the claims speak of; `None` where they were not.
pub fn scaled(measured: &Measured<'_>) -> Option<String> {
    let scale = measured.scale;
    (scale != 1.0).then(|| {
        format!(
            "Generated inputs were {scale} times as large as the claims have them (--scale), and other amounts that they \
             name, such as a memory budget, were not. The verdicts are about these inputs."
        )
    })
}

/// How many claims came to which verdict.
pub fn summary(measured: &[Measured<'_>]) -> String {
    let outcomes: Vec<&Outcome> = measured.iter().flat_map(|done| &done.outcomes).collect();
    let number = |truth: Truth| outcomes.iter().filter(|outcome| outcome.truth == truth).count();
    format!(
        "\n{}: {} true here, {} false here, {} undecided\n",
        counted(outcomes.len() as u64, "claim"),
        number(Truth::True),
        number(Truth::False),
        number(Truth::Undecided)
    )
}

/// `Title, 2015, section 3`; empty where no source is told. A lesson cites its source where it tells what is claimed, and
/// its claims are its own where they name no place or source of theirs.
pub fn cited(file: &ClaimFile, claim: &Claim) -> String {
    let of_file = |place: Option<&String>| {
        let title = Some(&file.source.title).filter(|title| !title.is_empty());
        [title, file.source.date.as_ref(), place]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(", ")
    };
    match (&claim.source, &claim.place) {
        (Some(source), None) => source.clone(),
        (Some(source), Some(place)) => format!("{source}, {place}"),
        (None, None) if file.lesson.is_some() => String::new(),
        (None, place) => of_file(place.as_ref().or(file.source.place.as_ref())),
    }
}

/// What a lesson's source claims, with that source.
pub fn claimed(file: &ClaimFile, lesson: &Lesson) -> String {
    let Source { title, authors, date, place, .. } = &file.source;
    let parts = [authors.as_ref(), Some(title).filter(|title| !title.is_empty()), date.as_ref(), place.as_ref()];
    match parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(", ").as_str() {
        "" => lesson.claimed.clone(),
        source => format!("{} ({source})", lesson.claimed),
    }
}

/// The claim, with its source. Without quotation marks: a file may put it into words of its own.
pub fn with_source(file: &ClaimFile, claim: &Claim) -> String {
    match cited(file, claim).as_str() {
        "" => claim.text.clone(),
        source => format!("{} (after {source})", claim.text),
    }
}

/// What was found about a claim: its figures, the cause, what is missing.
pub fn sentences(claim: &Claim, outcome: &Outcome) -> Vec<String> {
    let missing = outcome.missing.iter().map(missing);
    let hopeless = |finding: &&Finding| finding.truth != Truth::Undecided || outcome.missing.is_empty();
    let figures = outcome.judgement.findings.iter().filter(hopeless).map(figure);
    let mut sentences: Vec<String> = figures.chain(missing).collect();
    sentences.extend(mechanism(claim, outcome));
    sentences
}

/// What the claim file says beside the measurement.
pub fn remarks(claim: &Claim) -> Vec<String> {
    let differs = claim.differs.as_ref().map(|text| format!("What differs here: {text}"));
    differs.into_iter().chain(claim.changed.as_ref().map(changed)).collect()
}

/// `Since then (2025-09, Spark 4.1): …`
pub fn changed(Changed { date, version, text }: &Changed) -> String {
    format!("Since then ({date}, {version}): {text}")
}

/// What the verdict means, as the file says.
pub fn meaning<'c>(claim: &'c Claim, outcome: &Outcome) -> Option<&'c str> {
    let text = match outcome.truth {
        Truth::True => &claim.if_true,
        Truth::False => &claim.if_false,
        Truth::Undecided => &claim.if_undecided,
    };
    text.as_deref()
}

/// A relation with what was measured of it.
pub fn figure(found: &Finding) -> String {
    let rounds = counted(found.rounds as u64, "round");
    let Some(value) = value(found) else {
        return match found.rounds_without_value {
            0 => format!("{}: not known after {rounds}.", found.text),
            without => format!(
                "{}: it has no value in {}, where it divides by 0, or speaks of a figure that these runs do not have.",
                found.text,
                counted(without as u64, "round")
            ),
        };
    };
    let what = match found.of {
        ValueOf::Side | ValueOf::Crossing => value,
        ValueOf::Ratio => format!("the left side is {value} times the right"),
        ValueOf::Difference => format!("left less right is {value}"),
    };
    format!("{}: {what}, {rounds}{}.", found.text, open(found))
}

/// `2.31 [2.20, 2.42]`; `None` where nothing is known.
pub fn value(found: &Finding) -> Option<String> {
    if found.of == ValueOf::Crossing {
        let (above, at_most) = found.interval?;
        let above = above.filter(|above| *above > 0.0).map(|above| amount(above, found.dimension));
        let at_most = at_most.map(|at_most| amount(at_most, found.dimension));
        return Some(match (above, at_most) {
            (None, None) => "not known at any amount that was tried".into(),
            (None, Some(at_most)) => format!("from {at_most} on, the least that was tried, or below"),
            (Some(above), None) => format!("above {above}, beyond what was tried"),
            (Some(above), Some(at_most)) => format!("above {above}, and at most {at_most}"),
        });
    }
    let value = amount(found.value?, found.dimension);
    let end = |end: Option<f64>| end.map_or_else(|| "?".into(), |end| amount(end, found.dimension));
    Some(match found.interval {
        Some((low, high)) if low == high => value,
        Some((low, high)) => format!("{value} [{}, {}]", end(low), end(high)),
        None => value,
    })
}

/// What would settle an open relation.
fn open(found: &Finding) -> String {
    match (found.truth, found.rounds_to_settle) {
        (Truth::Undecided, Some(more)) => {
            format!("; open: about {} would settle it, so pass a longer --budget", counted_more(more))
        }
        (Truth::Undecided, None) => {
            "; open: too close to call, so that no reasonable number of rounds would settle it".to_owned()
        }
        _ => String::new(),
    }
}

fn counted_more(more: usize) -> String {
    format!("{more} more {}", if more == 1 { "round" } else { "rounds" })
}

/// A value with its unit.
pub fn amount(value: f64, dimension: Dimension) -> String {
    let sign = if value < 0.0 { "−" } else { "" };
    match dimension {
        Dimension::SECONDS => sign.to_owned() + &seconds(value.abs()),
        Dimension::BYTES => sign.to_owned() + &bytes(value.abs() as u64),
        Dimension::NUMBER => number(value),
        Dimension { seconds: 1, bytes: -1 } => format!("{} s a GiB", number(value * f64::from(1 << 30))),
        Dimension { seconds: -1, bytes: 1 } if value >= 0.0 => format!("{} a second", bytes(value as u64)),
        Dimension { seconds, bytes } => format!("{} s^{seconds} B^{bytes}", number(value)),
    }
}

fn number(value: f64) -> String {
    if value < 0.0 {
        return format!("−{}", number(-value));
    }
    match value {
        1e15.. => format!("{value:.2e}"),
        _ if value.fract() == 0.0 => count(value as u64),
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        0.1.. => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

fn missing(Missing { name, why, is_program }: &Missing) -> String {
    let why = why.trim_end_matches('.');
    let is_told = why.contains("setup") || !is_program;
    let get = if is_told { String::new() } else { format!(" ('scripts/peers/setup {name}' sets it up)") };
    format!("{name} did not run: {why}{get}.")
}

/// The cause of the difference, and whether it is the one that the claim gives.
fn mechanism(claim: &Claim, outcome: &Outcome) -> Vec<String> {
    let explanation = match &outcome.check {
        Check::Explained(explanation) | Check::Unexplained(explanation) => explanation,
        Check::NoDifference if !claim.because.is_empty() => {
            return vec![
                "The times are not known to differ, so there is nothing that its reason could explain.".into(),
            ];
        }
        _ => return Vec::new(),
    };
    let whole = if explanation.of_whole { "With start-up and loading, " } else { "" };
    let longer = format!(
        "{whole}{} takes {} longer than {}",
        explanation.slower,
        seconds(explanation.gap_seconds),
        explanation.faster
    );
    let mut sentences = vec![cause::after(&longer, Some(explanation))];
    if outcome.reason_holds == Some(false) {
        let reasons = claim.because.join(" or ");
        sentences
            .push(format!("The claim says why ({reasons}), and that does not explain most of the difference here."));
    }
    sentences
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::claims::file::tests::about;
    use crate::measure::comparison::Comparison;
    use crate::measure::comparison::tests::comparison;

    fn told(statement: &str, comparison: &Comparison) -> (String, &'static str) {
        let file = ClaimFile::parse(&about(statement)).unwrap();
        let outcome = Outcome::of(&file.claims[0], comparison);
        (sentences(&file.claims[0], &outcome).join(" "), verdict(&outcome))
    }

    fn twice() -> Comparison {
        comparison([&[2.0, 2.02, 1.98, 2.01, 1.99], &[1.0, 1.0, 1.0, 1.0, 1.0], &[]])
    }

    #[test]
    fn a_settled_claim_is_told_with_value_interval_and_rounds() {
        let (sentences, verdict) = told("median(disk) / median(memory) >= 1.8", &twice());
        assert_eq!(verdict, "true here");
        assert!(sentences.starts_with("median(disk) / median(memory) >= 1.8: 2 [1.9"), "{sentences}");
        assert!(sentences.ends_with(", 5 rounds."), "{sentences}");
        let (sentences, verdict) = told("median(disk) - median(memory) <= 500 ms", &twice());
        assert_eq!(verdict, "false here");
        assert!(sentences.contains(": 1.00 s ["), "{sentences}");
        let (sentences, _) = told("files_written(memory) == 0 B", &twice());
        assert_eq!(sentences, "files_written(memory) == 0 B: 0 B, 5 rounds.");
    }

    #[test]
    fn an_open_claim_says_what_would_settle_it() {
        let (sentences, verdict) = told("median(disk) / median(memory) > 1.99", &twice());
        assert_eq!(verdict, "undecided");
        assert!(
            sentences.contains("; open: about ") && sentences.contains("more rounds would settle it"),
            "{sentences}"
        );
        let (sentences, _) = told("median(disk) / median(memory) > 2", &twice());
        assert!(sentences.contains("too close to call"), "{sentences}");
    }

    #[test]
    fn a_claim_that_divides_by_nothing_says_so() {
        let (sentences, verdict) = told("median(disk) / files_written(memory) > 1 s / 1 B", &twice());
        assert_eq!(verdict, "undecided");
        assert!(sentences.contains("it has no value in 5 rounds, where it divides by 0"), "{sentences}");
    }

    #[test]
    fn a_lesson_cites_its_source_once_and_a_claim_one_of_its_own() {
        let text = about("median(disk) > 1 s");
        let of = |text: &str| {
            let file = ClaimFile::parse(text).unwrap();
            cited(&file, &file.claims[0])
        };
        assert_eq!(of(&text), "A text");
        let other = text.clone() + "source = \"Another text, 2016\"\nplace = \"table 2\"\n";
        assert_eq!(of(&other), "Another text, 2016, table 2");
        let lesson = "\n[lesson]\nnumber = 1\nname = \"n\"\ntitle = \"t\"\nclaimed = \"c\"\nwatch = \"w\"\nwhy = \"y\"\n\
                      not-shown = \"s\"\n";
        assert_eq!(of(&(text.clone() + lesson)), "");
        let file = ClaimFile::parse(&(text + lesson)).unwrap();
        assert_eq!(claimed(&file, file.lesson.as_ref().unwrap()), "c (A text)");
    }

    #[test]
    fn amounts_have_their_units() {
        assert_eq!(amount(0.5, Dimension::SECONDS), "0.500 s");
        assert_eq!(amount(-0.5, Dimension::SECONDS), "−0.500 s");
        assert_eq!(amount(1_048_576.0, Dimension::BYTES), "1.00 MiB");
        assert_eq!(amount(12345.0, Dimension::NUMBER), "12,345");
        assert_eq!(amount(0.8123, Dimension::NUMBER), "0.81");
    }
}
