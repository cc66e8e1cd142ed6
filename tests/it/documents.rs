//! The Markdown pages: every link leads to a file of the repository, and to a heading in it where it names one.

use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;
use walkdir::{DirEntry, WalkDir};

fn pages() -> Vec<PathBuf> {
    let is_ours = |entry: &DirEntry| {
        let name = entry.file_name().to_string_lossy();
        entry.depth() == 0 || !(name.starts_with('.') || name == "target" || name == "vendor")
    };
    let files = WalkDir::new(env!("CARGO_MANIFEST_DIR")).into_iter().filter_entry(is_ours);
    let paths = files.map(|entry| entry.unwrap().into_path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect()
}

/// The text of a page without its blocks of code.
fn prose(page: &Path) -> String {
    fs::read_to_string(page).unwrap().split("```").step_by(2).collect()
}

/// The names by which links find the headings of a page, as GitHub makes them.
fn anchors(page: &Path) -> Vec<String> {
    let prose = prose(page);
    let headings = prose.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let letters = |heading: &str| -> String {
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
    };
    headings.map(letters).collect()
}

#[test]
fn every_link_of_a_page_leads_somewhere() {
    let link = Regex::new(r"\]\(\s*([^)\s]+)\s*\)").unwrap();
    let pages = pages();
    assert!(pages.len() >= 4, "{pages:?}");
    for page in &pages {
        let prose = prose(page);
        for target in link.captures_iter(&prose).map(|found| found.extract::<1>().1[0]) {
            if target.starts_with("https://") {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let path = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            assert!(path.exists(), "{}: no file for {target}", page.display());
            assert!(
                anchor.is_empty() || anchors(&path).iter().any(|name| name == anchor),
                "{}: no heading for {target}",
                page.display()
            );
        }
    }
}
