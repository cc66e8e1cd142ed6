//! The names in an output directory.

use crate::config::OutputCodec;

/// Written last: the output is complete.
pub(crate) const SUCCESS: &str = "_SUCCESS";
/// The directory of skipped records, and the only file in it.
pub(crate) const SKIPPED: (&str, &str) = ("_skipped", "records.tsv");

/// The list of files that are no parts.
pub(crate) const FILES: &str = "_files";

/// Whether a run writes such a name into an output itself.
pub(crate) fn is_reserved(name: &[u8]) -> bool {
    name == SUCCESS.as_bytes()
        || name == FILES.as_bytes()
        || name.starts_with(b"part-")
        || name == SKIPPED.0.as_bytes()
        || is_staging(name)
}

/// Whether it is a staging directory within the output.
pub(crate) fn is_staging(name: &[u8]) -> bool {
    name.strip_prefix(b".").is_some_and(|name| name.starts_with(b"output.twinmill-"))
}

/// Whether it is a part.
pub(crate) fn is_part(name: &[u8]) -> bool {
    let stem = OutputCodec::ALL.iter().find_map(|codec| name.strip_suffix(codec.suffix().as_bytes()));
    let name = stem.unwrap_or(name);
    let number = name.strip_prefix(b"part-").map(|rest| {
        let of_kind = rest.strip_prefix(b"m-").or_else(|| rest.strip_prefix(b"r-"));
        of_kind.unwrap_or(rest)
    });
    number.is_some_and(|number| number.len() >= 5 && number.iter().all(u8::is_ascii_digit))
}

/// Whether it is a document of a generated input.
pub(crate) fn is_document(name: &[u8]) -> bool {
    let number = name.strip_prefix(b"document-").and_then(|name| name.strip_suffix(b".txt"));
    number.is_some_and(|number| number.len() >= 5 && number.iter().all(u8::is_ascii_digit))
}
