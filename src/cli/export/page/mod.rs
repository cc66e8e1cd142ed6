//! The report as a page: one file that needs no network, made of a template, a style sheet, a glossary, a script and the
//! reports as JSON.
//!
//! Every figure and sentence of the page is in the [`Document`] or in its [`Charts`]; the script only draws it. It draws SVG
//! with nothing but the browser:
//!
//! 1. `svg.js` is the pencil: scales, axes, marks, figures, and saving a chart as SVG and PNG.
//! 2. `charts.js` has a function for each kind of chart.
//! 3. `page.js` puts the page together: the verdict first, then the picture of its cause, the rest folded. Before them stands
//!    the [`Sheet`] of claims or of a lesson, where there is one.

mod accounts;
mod charts;
mod flow;
mod sheet;
mod timeline;
mod ways;

use serde::Serialize;

use crate::cli::document::Document;
use crate::cli::export::page::charts::Charts;
use crate::measure::comparison::Comparison;

pub use sheet::{Answer, Card, Link, Paragraph, Sheet, Verdict};

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const GLOSSARY: &str = include_str!("glossary.html");
const SCRIPTS: [&str; 3] = [include_str!("svg.js"), include_str!("charts.js"), include_str!("page.js")];

/// The page of these comparisons.
pub fn render(comparisons: &[Comparison]) -> String {
    let mut jobs: Vec<&str> = comparisons.iter().map(|comparison| comparison.settings.job.as_str()).collect();
    jobs.dedup();
    let title = format!("twinmill: {}", jobs.join(", "));
    filled(&title, None, &comparisons.iter().collect::<Vec<_>>())
}

/// The page of claims or a lesson, with its comparisons.
pub fn render_with(sheet: &Sheet, comparisons: &[&Comparison]) -> String {
    filled(&format!("twinmill: {}", sheet.title), Some(sheet), comparisons)
}

fn filled(title: &str, sheet: Option<&Sheet>, comparisons: &[&Comparison]) -> String {
    let documents: Vec<Document> = comparisons.iter().map(|comparison| Document::of(comparison)).collect();
    let charts: Vec<Charts> = comparisons.iter().map(|comparison| Charts::of(comparison)).collect();
    let parts = [
        ("{{title}}", escape(title)),
        ("{{style}}", STYLE.to_owned()),
        ("{{glossary}}", GLOSSARY.to_owned()),
        ("{{sheet}}", embedded(&sheet)),
        ("{{reports}}", embedded(&documents)),
        ("{{charts}}", embedded(&charts)),
        ("{{script}}", SCRIPTS.concat()),
    ];
    // Text that was filled in is not searched for further marks.
    let mut page = String::new();
    let mut rest = TEMPLATE;
    for (place, text) in parts {
        let (before, after) = rest.split_once(place).expect("the template has its places in this order");
        page += before;
        page += &text;
        rest = after;
    }
    page + rest
}

/// JSON as it stands in the page. Inside a script element only `</script` and `<!--` mean anything, and both begin with `<`.
fn embedded(data: &impl Serialize) -> String {
    let json = serde_json::to_string(data).expect("it has nothing but text and numbers");
    json.replace('<', "\\u003c")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::comparison::tests::comparison;

    #[test]
    fn the_page_is_one_file_that_asks_for_nothing() {
        let page = render(&[comparison([&[0.92, 0.95], &[0.70], &[1.9]])]);
        assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"));
        for elsewhere in ["<link", "src=", "@import", "url(", "{{"] {
            assert!(!page.contains(elsewhere), "{elsewhere}");
        }
        assert!(page.contains("default-src 'none'"));
    }

    #[test]
    fn data_cannot_end_its_element() {
        let mut hostile = comparison([&[1.0], &[], &[]]);
        hostile.settings.job = "</script><b>".into();
        let page = render(&[hostile]);
        assert!(!page.contains("</script><b>") && page.contains("\\u003c/script>\\u003cb>"));
    }
}
