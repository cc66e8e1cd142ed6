//! Claims as a report has them.

use serde::Serialize;

use crate::cli::claims::measuring::Measured;
use crate::cli::document::Document;
use crate::cli::telling::claims as telling;
use crate::measure::claims::file::{Changed, Claim, Source};
use crate::measure::claims::judge::Finding;
use crate::measure::claims::mechanism::CheckEntry;
use crate::measure::claims::outcome::{Missing, Outcome};
use crate::measure::claims::statement::Truth;

/// The report of `claim --report`.
#[derive(Serialize)]
pub struct Record {
    schema: u32,
    claims: Vec<Entry>,
    comparisons: Vec<Document>,
}

/// A claim.
#[derive(Serialize)]
struct Entry {
    file: String,
    name: String,
    text: String,
    source: SourceEntry,
    statement: String,
    because: Vec<String>,
    verdict: Truth,
    /// The verdict in words.
    told: String,
    findings: Vec<Finding>,
    rounds: usize,
    mechanism: CheckEntry,
    reason_holds: Option<bool>,
    missing: Vec<Missing>,
    #[serde(skip_serializing_if = "Option::is_none")]
    differs: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changed: Option<Changed>,
    /// Index of its comparison in this report.
    comparison: usize,
}

#[derive(Serialize)]
struct SourceEntry {
    title: String,
    authors: Option<String>,
    date: Option<String>,
    place: Option<String>,
    url: Option<String>,
}

impl Record {
    /// The report of some files.
    pub fn of(measured: &[Measured<'_>]) -> Self {
        let (mut claims, mut comparisons) = (Vec::new(), Vec::new());
        for done in measured {
            let before = comparisons.len();
            claims.extend(done.claims().map(|(claim, outcome)| Entry::of(done, (claim, outcome), before)));
            comparisons.extend(done.comparisons.iter().map(Document::of));
        }
        Record { schema: 1, claims, comparisons }
    }
}

impl Entry {
    fn of(done: &Measured<'_>, (claim, outcome): (&Claim, &Outcome), before: usize) -> Self {
        let of_file = || done.given.file.source.clone();
        let of_claim = |title: &String| Source { title: title.clone(), ..Source::default() };
        let Source { title, authors, date, place, url } = claim.source.as_ref().map_or_else(of_file, of_claim);
        Entry {
            file: done.given.name.clone(),
            name: claim.name.clone(),
            text: claim.text.clone(),
            source: SourceEntry { title, authors, date, place: claim.place.clone().or(place), url },
            statement: claim.statement_text.clone(),
            because: claim.because.clone(),
            verdict: outcome.truth,
            told: telling::sentences(claim, outcome).join(" "),
            findings: outcome.judgement.findings.clone(),
            rounds: outcome.rounds(),
            mechanism: outcome.check.entry(),
            reason_holds: outcome.reason_holds,
            missing: outcome.missing.clone(),
            differs: claim.differs.clone(),
            changed: claim.changed.clone(),
            comparison: before + claim.comparison,
        }
    }
}
