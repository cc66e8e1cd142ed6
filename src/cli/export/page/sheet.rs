//! What a page says of claims or of a lesson, above its comparisons.

use serde::Serialize;

/// The text of claims or of a lesson.
#[derive(Serialize)]
pub struct Sheet {
    /// A line above the title.
    pub eyebrow: String,
    /// The title.
    pub title: String,
    /// Paragraphs before the claims.
    pub before: Vec<Paragraph>,
    /// What the reader is to guess.
    pub guess: Option<Answer>,
    /// The claims with what was found.
    pub claims: Vec<Card>,
    /// Paragraphs after the claims.
    pub after: Vec<Paragraph>,
    /// Other pages.
    pub links: Vec<Link>,
}

/// A paragraph.
#[derive(Serialize)]
pub struct Paragraph {
    /// A few words that it begins with; empty where there are none.
    pub label: &'static str,
    /// The rest.
    pub text: String,
}

/// A question and its answer.
#[derive(Serialize)]
pub struct Answer {
    /// The question.
    pub question: String,
    /// The answer.
    pub answer: String,
}

/// A claim and what was found.
#[derive(Serialize)]
pub struct Card {
    /// The verdict in a word or two.
    pub verdict: &'static str,
    /// `true`, `false` or `undecided`.
    pub kind: &'static str,
    /// The claim.
    pub text: String,
    /// Where it comes from; empty where that is not told.
    pub source: String,
    /// The address of that.
    pub url: Option<String>,
    /// What was measured.
    pub sentences: Vec<String>,
    /// What the verdict means.
    pub meaning: Option<String>,
    /// What differs here, and what has changed since.
    pub remarks: Vec<String>,
}

/// Another page.
#[derive(Serialize)]
pub struct Link {
    /// Its file; `None` where it could not be made.
    pub href: Option<String>,
    /// Its title.
    pub title: String,
    /// The verdicts on it.
    pub verdicts: Vec<Verdict>,
}

/// A verdict on another page.
#[derive(Serialize)]
pub struct Verdict {
    /// `true`, `false` or `undecided`.
    pub kind: &'static str,
    /// The claim.
    pub text: String,
}
