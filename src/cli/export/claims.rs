//! Claims and lessons in other forms: a page, Markdown, a course with an index.

use crate::cli::claims::measuring::Measured;
use crate::cli::export::markdown::escaped;
use crate::cli::export::page::{self, Answer, Card, Link, Paragraph, Sheet, Verdict};
use crate::cli::telling::claims::{cited, claimed, meaning, remarks, scaled, sentences, verdict, with_source};
use crate::cli::telling::machine;
use crate::measure::claims::file::{Claim, ClaimFile, Lesson};
use crate::measure::claims::outcome::Outcome;
use crate::measure::claims::statement::Truth;
use crate::measure::comparison::Comparison;

/// The page of some claim files.
pub fn claims_page(measured: &[Measured<'_>]) -> String {
    let titles: Vec<&str> = measured.iter().map(|done| title_of(&done.given.file, &done.given.name)).collect();
    let sheet = Sheet {
        eyebrow: "twinmill · claims".into(),
        title: titles.join("; "),
        before: measured.first().and_then(inputs).into_iter().collect(),
        guess: None,
        claims: measured.iter().flat_map(cards).collect(),
        after: Vec::new(),
        links: Vec::new(),
    };
    let comparisons: Vec<&Comparison> = measured.iter().flat_map(|done| &done.comparisons).collect();
    page::render_with(&sheet, &comparisons)
}

fn inputs(measured: &Measured<'_>) -> Option<Paragraph> {
    scaled(measured).map(|text| Paragraph { label: "Inputs.", text })
}

fn title_of<'f>(file: &'f ClaimFile, name: &'f str) -> &'f str {
    let source = Some(file.source.title.as_str()).filter(|title| !title.is_empty());
    file.title.as_deref().or(source).unwrap_or(name)
}

/// The page of a lesson; `guessed` is what came of the guess.
pub fn lesson_page(lesson: &Lesson, measured: &Measured<'_>, guessed: Option<String>) -> String {
    let paragraph = |label, text: &String| Paragraph { label, text: text.clone() };
    let guess = lesson.guess.as_ref().zip(guessed);
    let claimed = claimed(&measured.given.file, lesson);
    let before = [paragraph("What is claimed.", &claimed), paragraph("What to watch.", &lesson.watch)];
    let sheet = Sheet {
        eyebrow: format!("twinmill · lesson {}", lesson.number),
        title: lesson.title.clone(),
        before: before.into_iter().chain(inputs(measured)).collect(),
        guess: guess.map(|(guess, answer)| Answer { question: guess.question.clone(), answer }),
        claims: cards(measured).collect(),
        after: vec![paragraph("Why.", &lesson.why), paragraph("What this does not show.", &lesson.not_shown)],
        links: Vec::new(),
    };
    page::render_with(&sheet, &measured.comparisons.iter().collect::<Vec<_>>())
}

/// The index of a course: each lesson with the file of its page and its verdicts.
pub fn course_page(lessons: &[(&Lesson, Option<String>, &Measured<'_>)]) -> String {
    let link = |(lesson, file, measured): &(&Lesson, Option<String>, &Measured<'_>)| Link {
        href: file.clone(),
        title: lesson.title.clone(),
        verdicts: measured
            .claims()
            .map(|(claim, outcome)| Verdict { kind: kind(outcome), text: claim.text.clone() })
            .collect(),
    };
    let machine = lessons.iter().flat_map(|(.., measured)| &measured.comparisons).map(machine::line).next();
    let measured_on = machine.map(|machine| Paragraph { label: "Measured on", text: format!("{machine}.") });
    let inputs = lessons.first().and_then(|(.., measured)| inputs(measured));
    let sheet = Sheet {
        eyebrow: "twinmill · a course".into(),
        title: "When memory pays, when a disk is enough, and when you need neither".into(),
        before: measured_on.into_iter().chain(inputs).collect(),
        guess: None,
        claims: Vec::new(),
        after: Vec::new(),
        links: lessons.iter().map(link).collect(),
    };
    page::render_with(&sheet, &[])
}

fn kind(outcome: &Outcome) -> &'static str {
    match outcome.truth {
        Truth::True => "true",
        Truth::False => "false",
        Truth::Undecided => "undecided",
    }
}

fn cards<'m>(measured: &'m Measured<'_>) -> impl Iterator<Item = Card> + 'm {
    let file = &measured.given.file;
    measured.claims().map(move |(claim, outcome)| Card {
        verdict: verdict(outcome),
        kind: kind(outcome),
        text: claim.text.clone(),
        source: cited(file, claim),
        url: file.source.url.clone().filter(|_| claim.source.is_none()),
        sentences: sentences(claim, outcome),
        meaning: meaning(claim, outcome).map(str::to_owned),
        remarks: remarks(claim),
    })
}

/// The claims of some files in Markdown.
pub fn claims_markdown(measured: &[Measured<'_>]) -> String {
    let mut text = measured.first().and_then(scaled).map_or_else(String::new, |scaled| scaled + "\n\n");
    for done in measured {
        text += &format!("## {}\n\n", escaped(title_of(&done.given.file, &done.given.name)));
        text += "| claim | verdict | what was measured |\n|---|---|---|\n";
        for (claim, outcome) in done.claims() {
            text += &row(done, claim, outcome);
        }
        let machine = done.comparisons.first().map(machine::line);
        text += &machine.map_or_else(String::new, |machine| format!("\n{}\n", escaped(&machine)));
        text.push('\n');
    }
    text
}

fn row(done: &Measured<'_>, claim: &Claim, outcome: &Outcome) -> String {
    let said = escaped(&with_source(&done.given.file, claim));
    let told: Vec<String> = sentences(claim, outcome).into_iter().chain(remarks(claim)).collect();
    format!("| {said} | **{}** | {} |\n", verdict(outcome), escaped(&told.join(" ")))
}
