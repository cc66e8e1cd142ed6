//! A sentence of the result with the figures that it tells, as the report keeps it.

use serde::Serialize;
use serde_json::{Map, Value};

/// A sentence, its subject, and its figures.
#[derive(Clone, Debug, Serialize)]
pub struct Fact {
    about: String,
    text: String,
    #[serde(flatten)]
    figures: Map<String, Value>,
}

/// A fact with its number, from 1, in the order in which facts are told.
#[derive(Clone, Debug, Serialize)]
pub struct NumberedFact {
    number: usize,
    #[serde(flatten)]
    fact: Fact,
}

impl Fact {
    /// A sentence about a subject.
    pub fn new(about: impl Into<String>, text: String) -> Self {
        Fact { about: about.into(), text, figures: Map::new() }
    }

    /// Adds a figure.
    pub fn with(mut self, name: &str, figure: impl Serialize) -> Self {
        let figure = serde_json::to_value(figure).expect("figures are numbers, names, and structures of them");
        self.figures.insert(name.to_owned(), figure);
        self
    }

    /// The subject.
    pub fn about(&self) -> &str {
        &self.about
    }

    /// The sentence.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Numbers facts in the order in which they are told.
pub fn numbered(facts: Vec<Fact>) -> Vec<NumberedFact> {
    (1..).zip(facts).map(|(number, fact)| NumberedFact { number, fact }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_fact_has_a_number_a_subject_a_text_and_its_figures() {
        let fact = Fact::new("disk against memory", "disk takes 2.00× as long.".into()).with("ratio", 2.0);
        let json = serde_json::to_value(numbered(vec![fact])).unwrap();
        let expected =
            json!({"number": 1, "about": "disk against memory", "text": "disk takes 2.00× as long.", "ratio": 2.0});
        assert_eq!(json, json!([expected]));
    }
}
