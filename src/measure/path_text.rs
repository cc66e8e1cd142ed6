//! Paths in JSON, which holds text: a path that is not UTF-8 becomes a list of its bytes, so that it is read back
//! unchanged.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum PathText {
    Text(String),
    Bytes(Vec<u8>),
}

/// Writes paths.
pub fn serialize<S: Serializer>(paths: &[PathBuf], to: S) -> Result<S::Ok, S::Error> {
    let text = |path: &PathBuf| match path.to_str() {
        Some(text) => PathText::Text(text.to_owned()),
        None => PathText::Bytes(path.as_os_str().as_bytes().to_vec()),
    };
    to.collect_seq(paths.iter().map(text))
}

/// Reads them again.
pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<PathBuf>, D::Error> {
    let path = |text| match text {
        PathText::Text(text) => PathBuf::from(text),
        PathText::Bytes(bytes) => OsString::from_vec(bytes).into(),
    };
    Ok(Vec::<PathText>::deserialize(from)?.into_iter().map(path).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize, Deserialize)]
    struct Paths(#[serde(with = "super")] Vec<PathBuf>);

    #[test]
    fn paths_that_are_no_text_are_read_back_as_they_were() {
        let paths = ["a\u{e9}|`", "text"].map(PathBuf::from).to_vec();
        let paths = [paths, vec![OsString::from_vec(b"a\xe9|`\n".to_vec()).into()]].concat();
        let json = serde_json::to_value(Paths(paths.clone())).unwrap();
        assert_eq!(json[1], "text");
        assert_eq!(serde_json::from_value::<Paths>(json).unwrap().0, paths);
    }
}
