//! Finds the exception with which Python ended in what it said.
//!
//! ```text
//! Traceback (most recent call last):            may be missing: it scrolled away, or it is a SyntaxError
//!   File "m.py", line 4, in <module>            the last of these belongs to what ended it
//!     raise ValueError("a\nb")
//! ValueError: a                                 the first line that is not indented
//! b                                             the rest of its message
//! ```

/// The first line of the last exception, if the words have one.
pub fn exception(words: &[String]) -> Option<String> {
    // An exception group draws a tree beside its tracebacks.
    let plain: Vec<&str> = words.iter().map(|line| line.strip_prefix("  | ").unwrap_or(line)).collect();
    let is_place = |line: &&str| line.starts_with("  File \"") && line.contains("\", line ");
    let is_header = |line: &&str| line.trim_start_matches([' ', '+']).ends_with("Traceback (most recent call last):");
    let place = plain.iter().rposition(is_place).or_else(|| plain.iter().rposition(is_header))?;
    let at = plain[place + 1..].iter().position(|line| !line.starts_with(' ') && !line.is_empty())? + place + 1;
    let name = plain[at].split(':').next()?;
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
    if !name.chars().all(is_name) {
        return None;
    }
    // `AssertionError: ` and a message that begins on the next line.
    let more = plain.get(at + 1).filter(|_| plain[at].trim_end().ends_with(':'));
    Some(more.map_or_else(|| plain[at].to_owned(), |more| format!("{} {more}", plain[at].trim_end())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exception_is_the_one_that_ended_the_program() {
        let frame = "  File \"m.py\", line 4, in f\n    f()\n";
        for (said, expected) in [
            (
                "Traceback (most recent call last):\n  File \"m.py\", line 4, in <module>\n    f()\nValueError: a\nb\nc: d",
                "ValueError: a",
            ),
            // The header has scrolled away.
            (&*format!("{}RecursionError: too deep", frame.repeat(9)), "RecursionError: too deep"),
            (
                "  File \"m.py\", line 1\n    print 1\n    ^^^^^^^\nSyntaxError: Missing parentheses",
                "SyntaxError: Missing parentheses",
            ),
            (
                &*format!(
                    "Traceback (most recent call last):\n{frame}KeyError: 1\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n{frame}json.decoder.JSONDecodeError: x\nbye"
                ),
                "json.decoder.JSONDecodeError: x",
            ),
            (&*format!("{frame}AssertionError: \nwant 1"), "AssertionError: want 1"),
            (
                "Traceback (most recent call last):\n  File \"m.py\", line 4, in f\nKeyboardInterrupt",
                "KeyboardInterrupt",
            ),
        ] {
            let words: Vec<String> = said.lines().map(str::to_owned).collect();
            assert_eq!(exception(&words).as_deref(), Some(expected), "{said}");
        }
        for said in ["oh no", "Error: x\n  at y", "sh: python9: not found"] {
            let words: Vec<String> = said.lines().map(str::to_owned).collect();
            assert_eq!(exception(&words), None, "{said}");
        }
    }
}
