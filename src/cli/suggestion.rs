//! Suggests a name in place of one that is mistyped.

/// The name that `word` was probably meant to be: the nearest of those that differ from it in few letters, or the only one
/// that begins with it.
pub fn nearest<'n>(word: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let word = word.to_lowercase();
    let names: Vec<&str> = names.into_iter().collect();
    let distance = |name: &&str| strsim::damerau_levenshtein(&word, &name.to_lowercase());
    let near = names.iter().copied().filter(|name| distance(name) <= most_typos(name));
    near.min_by_key(distance).or_else(|| {
        let mut begun = names.iter().copied().filter(|name| word.len() > 1 && name.starts_with(&word));
        begun.next().filter(|_| begun.next().is_none())
    })
}

/// `; did you mean memory?`, or nothing where no name is near.
pub fn question<'n>(word: &str, names: impl IntoIterator<Item = &'n str>) -> String {
    nearest(word, names).map(|name| format!("; did you mean {name}?")).unwrap_or_default()
}

/// Letters by which a mistyped name may differ.
fn most_typos(name: &str) -> usize {
    (name.chars().count() / 3).clamp(1, 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 5] = ["wordcount", "sort", "terasort", "terasort-validate", "logreg"];

    #[test]
    fn a_mistyped_name_is_recognised() {
        for (word, name) in [
            ("wordcuont", "wordcount"),
            ("word-count", "wordcount"),
            ("WordCount", "wordcount"),
            ("srot", "sort"),
            ("terrasort", "terasort"),
            ("word", "wordcount"),
            ("logreg2", "logreg"),
        ] {
            assert_eq!(nearest(word, NAMES), Some(name), "{word}");
        }
        for word in ["", "x", "pagerank", "ter"] {
            assert_eq!(nearest(word, NAMES), None, "{word}");
        }
        assert_eq!(question("srot", NAMES), "; did you mean sort?");
        assert_eq!(question("video", NAMES), "");
    }
}
