//! Addresses of files elsewhere: `hdfs://namenode/logs`, `s3://bucket/logs`.

use std::path::Path;

use crate::error::{Error, Result};

/// A file or directory in another file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    text: String,
    scheme_bytes: usize,
    authority_bytes: usize,
}

/// The stores that twinmill can read without help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Hdfs,
    Objects,
}

impl Kind {
    /// The feature that a build needs for it.
    pub fn feature(self) -> &'static str {
        match self {
            Kind::Hdfs => "hdfs",
            Kind::Objects => "object-store",
        }
    }

    fn is_built_in(self) -> bool {
        match self {
            Kind::Hdfs => cfg!(feature = "hdfs"),
            Kind::Objects => cfg!(feature = "object-store"),
        }
    }
}

impl Address {
    /// The address that a path is; `None` for a path of this machine.
    pub fn of(path: &Path) -> Option<Self> {
        let text = path.to_str()?;
        let (scheme, rest) = text.split_once("://")?;
        let is_scheme =
            !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        let authority_bytes = rest.find('/').unwrap_or(rest.len());
        is_scheme.then(|| Address { text: text.to_owned(), scheme_bytes: scheme.len(), authority_bytes })
    }

    /// All of it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The scheme: `hdfs`.
    pub fn scheme(&self) -> &str {
        &self.text[..self.scheme_bytes]
    }

    /// Scheme and authority, which name a store: `hdfs://namenode:8020`.
    pub fn store(&self) -> &str {
        &self.text[..self.scheme_bytes + 3 + self.authority_bytes]
    }

    /// The path in the store, without slashes at its ends.
    pub fn path(&self) -> &str {
        self.text[self.store().len()..].trim_matches('/')
    }

    /// The address of another path in the same store.
    pub fn beside(&self, path: &str) -> String {
        format!("{}/{path}", self.store())
    }

    /// Whether both are one, or this lies below the other, as far as their names tell.
    pub fn is_or_lies_in(&self, dir: &Address) -> bool {
        let below = || self.path().strip_prefix(dir.path());
        self.may_share_a_store_with(dir)
            && (dir.path().is_empty() || below().is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    }

    /// Whether both stores may be one, whatever they are called: an HDFS has names with and without a port, and a default.
    fn may_share_a_store_with(&self, other: &Address) -> bool {
        let host = |address: &Address| {
            let authority = &address.store()[address.scheme_bytes + 3..];
            authority.split(':').next().unwrap_or_default().to_owned()
        };
        match (self.kind(), other.kind()) {
            (Some(Kind::Hdfs), Some(Kind::Hdfs)) => {
                let (a, b) = (host(self), host(other));
                a == b || a.is_empty() || b.is_empty()
            }
            _ => self.store().replacen("s3a://", "s3://", 1) == other.store().replacen("s3a://", "s3://", 1),
        }
    }

    /// The kind of its store; `None` for one that only the `hadoop` command may know.
    pub fn kind(&self) -> Option<Kind> {
        match self.scheme() {
            "hdfs" | "viewfs" => Some(Kind::Hdfs),
            "s3" | "s3a" | "gs" | "az" | "azure" | "adl" | "abfs" | "abfss" => Some(Kind::Objects),
            #[cfg(test)]
            "mem" => Some(Kind::Objects),
            _ => None,
        }
    }

    /// Whether this build reads and writes it by itself.
    pub fn is_built_in(&self) -> bool {
        self.kind().is_some_and(Kind::is_built_in)
    }

    /// Refuses an address that this build cannot reach.
    ///
    /// # Errors
    /// [`Error::Config`] that says how it can be reached.
    pub fn check_built_in(&self) -> Result<()> {
        if self.is_built_in() {
            return Ok(());
        }
        let text = &self.text;
        let way = match self.kind() {
            Some(kind) => format!("build twinmill with --features {}", kind.feature()),
            None => "copy it to this machine".to_owned(),
        };
        Err(Error::Config(format!(
            "{text} is not on this machine: {way}, or have a hadoop command that knows {}:// in $HADOOP_HOME/bin or in $PATH",
            self.scheme()
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Option<Address> {
        Address::of(Path::new(text))
    }

    #[test]
    fn an_address_names_a_store_and_a_path_in_it() {
        for (text, store, path) in [
            ("hdfs://h:1/x/y/", "hdfs://h:1", "x/y"),
            ("hdfs:///x", "hdfs://", "x"),
            ("s3a://bucket", "s3a://bucket", ""),
            ("s3://bucket/a b/%20", "s3://bucket", "a b/%20"),
        ] {
            let found = address(text).unwrap();
            assert_eq!((found.store(), found.path()), (store, path), "{text}");
        }
        assert!(["/data/x", "a b://c", "x:/y", "://x"].into_iter().all(|path| address(path).is_none()));
    }

    #[test]
    fn what_lies_below_is_told_by_whole_names() {
        let within = |a, b| address(a).unwrap().is_or_lies_in(&address(b).unwrap());
        assert!(within("s3://b/x/y", "s3://b/x") && within("s3://b/x/", "s3a://b/x") && within("s3://b/x", "s3://b"));
        assert!(within("hdfs://h:1/x/y", "hdfs:///x") && within("hdfs://h/x", "hdfs://h:8020/x"));
        assert!(!within("hdfs://g/x", "hdfs://h/x"));
        assert!(
            !within("s3://b/xy", "s3://b/x") && !within("s3://c/x/y", "s3://b/x") && !within("s3://b/x", "s3://b/x/y")
        );
    }

    #[test]
    fn an_address_out_of_reach_is_refused_with_the_way_there() {
        let refused = |text| address(text).unwrap().check_built_in().map_err(|error| error.to_string());
        let said = refused("ftp://host/x").unwrap_err();
        assert!(said.contains("ftp://host/x") && said.contains("copy it") && said.contains("hadoop"), "{said}");
        if !cfg!(feature = "object-store") {
            let said = refused("s3://bucket/x").unwrap_err();
            assert!(said.contains("--features object-store"), "{said}");
        }
    }
}
