//! Bytes of an input as messages quote them.

use std::fmt;
use std::path::PathBuf;

use twinmill::prelude::*;

/// The error of a line of which something is wrong: what it is, the line, and a hint where there is one, which begins with `; `.
/// Every job that reads lines or rows shows them so.
#[cold]
pub fn wrong_line(line: &[u8], what: impl fmt::Display, hint: &str) -> Error {
    Error::wrong_input(format!("{what}, in {}{hint}", Shown(line)))
}

/// The error of an input without what the job is about: `rows`.
pub fn lacks(what: &str, inputs: &[PathBuf]) -> Error {
    let paths: Vec<String> = inputs.iter().map(|path| path.display().to_string()).collect();
    Error::user(format!("the input has no {what}: {}", paths.join(", ")))
}

/// The beginning of a field or a line in quotes, for messages.
pub struct Shown<'a>(pub &'a [u8]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN_BYTES: usize = 80;
        let shown = &self.0[..self.0.len().min(SHOWN_BYTES)];
        f.write_str("'")?;
        for chunk in shown.utf8_chunks() {
            for c in chunk.valid().chars() {
                if c.is_control() { write!(f, "{}", c.escape_default())? } else { write!(f, "{c}")? }
            }
            write!(f, "{}", chunk.invalid().escape_ascii())?;
        }
        let more = if shown.len() < self.0.len() { format!("… ({} bytes)", self.0.len()) } else { String::new() };
        write!(f, "'{more}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(bytes: &[u8]) -> String {
        Shown(bytes).to_string()
    }

    #[test]
    fn what_messages_show_is_short_and_readable() {
        assert_eq!(shown("é\t\u{2212}5".as_bytes()), "'é\\t\u{2212}5'");
        assert_eq!(shown(b"a\xff\0"), "'a\\xff\\u{0}'");
        assert_eq!(shown(&[b'x'; 200]), format!("'{}'… (200 bytes)", "x".repeat(80)));
    }
}
