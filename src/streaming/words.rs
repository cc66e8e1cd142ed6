//! Cuts a command into words, as Hadoop does: not as a shell.
//!
//! Blanks separate words, and quotes of either kind group. A quote also ends the word before it: `a'b c'd` is `a`, `b c` and
//! `d`. There is no backslash, an empty word vanishes, and `|`, `>`, `*` and `$X` stand for themselves.

/// The words of a command.
pub fn split(command: &[u8]) -> Vec<Vec<u8>> {
    let mut words = Vec::new();
    let mut start = 0;
    let mut quote = None;
    let mut end_word = |range: &[u8]| {
        if !range.is_empty() {
            words.push(range.to_vec());
        }
    };
    for (at, byte) in command.iter().enumerate() {
        let ends = match (byte, quote) {
            (b'\'' | b'"', None) => {
                quote = Some(*byte);
                true
            }
            (byte, Some(open)) if *byte == open => {
                quote = None;
                true
            }
            (b' ', None) => true,
            _ => false,
        };
        if ends {
            end_word(&command[start..at]);
            start = at + 1;
        }
    }
    end_word(&command[start.min(command.len())..]);
    words
}

/// Signs that a shell would act on, and that a command here gets as they are.
pub fn shell_sign(words: &[Vec<u8>]) -> Option<&[u8]> {
    let is_sign =
        |word: &&Vec<u8>| matches!(word.as_slice(), b"|" | b">" | b">>" | b"<" | b"&&" | b"||" | b";" | b"2>&1");
    words.iter().find(is_sign).map(Vec::as_slice)
}

/// Quotes a word for a shell.
pub fn quoted(word: &[u8]) -> String {
    let text = String::from_utf8_lossy(word);
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=,+@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.into_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_cut_as_hadoop_cuts_them() {
        let cases: [(&str, &[&str]); 9] = [
            ("cat", &["cat"]),
            ("  awk   -F, prog ", &["awk", "-F,", "prog"]),
            ("awk '{print $1}' x", &["awk", "{print $1}", "x"]),
            ("a'b c'd", &["a", "b c", "d"]),
            (r#"sh -c "echo 'a b'""#, &["sh", "-c", "echo 'a b'"]),
            ("a '' b", &["a", "b"]),
            (r"a\ b", &[r"a\", "b"]),
            ("a 'b c", &["a", "b c"]),
            ("cat | sort > $X", &["cat", "|", "sort", ">", "$X"]),
        ];
        for (command, expected) in cases {
            let words: Vec<String> =
                split(command.as_bytes()).into_iter().map(|word| String::from_utf8(word).unwrap()).collect();
            assert_eq!(words, expected, "{command}");
        }
    }
}
