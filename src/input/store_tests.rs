//! Files in a store give the records that they give on this machine.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use object_store::memory::InMemory;
use object_store::path::Path as Key;
use object_store::{ObjectStoreExt, PutPayload};

use super::*;
use crate::CancelToken;
use crate::config::{Cuts, HadoopSplits};
use crate::error::{Error, Result};
use crate::input::split::{Split, plan_at_most, plan_by_hadoop};
use crate::remote::{Objects, put_in_place};

/// The same files in a directory and in a store.
struct Both {
    dir: tempfile::TempDir,
    store: Arc<InMemory>,
    address: PathBuf,
}

impl Both {
    fn new(name: &str) -> Self {
        let (store, address) = (Arc::new(InMemory::new()), format!("mem://{name}"));
        put_in_place(&address, Arc::new(Objects::new(store.clone(), false)));
        Both { dir: tempfile::tempdir().unwrap(), store, address: format!("{address}/in").into() }
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        let path = self.dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let key = Key::from(format!("in/{name}"));
        runtime.block_on(self.store.put(&key, PutPayload::from(bytes.to_vec()))).unwrap();
    }

    /// The roots here and there.
    fn roots(&self) -> [PathBuf; 2] {
        [self.dir.path().to_owned(), self.address.clone()]
    }
}

/// Each line with its offset and the name of its file.
type Lined = Vec<(String, u64, Vec<u8>)>;

fn lined(root: &Path, line: &Record<'_>) -> (String, u64, Vec<u8>) {
    let name = line.path().to_str().unwrap().strip_prefix(root.to_str().unwrap()).unwrap();
    (name.to_owned(), line.offset(), line.to_vec())
}

fn lines(root: &Path, splits: &[Split]) -> Result<Lined> {
    let (inputs, mut all) = (Inputs::default(), Vec::new());
    for split in splits {
        read_split::<Lines>(split, inputs.context(None), |line| {
            all.push(lined(root, &line));
            Ok(())
        })?;
    }
    Ok(all)
}

fn text(count: usize) -> Vec<u8> {
    (0..count).flat_map(|number| format!("line {} of it\n", number * number % 7919).into_bytes()).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn lines_in_a_store_are_those_of_this_machine_however_it_is_cut() {
    let both = Both::new("lines");
    both.put("a.txt", &text(20_000));
    both.put("b/c.gz", &gzip(&text(30_000)));
    both.put("b/d", b"\xef\xbb\xbfno end of line");
    both.put("e", b"");
    both.put("_hidden", b"x");
    let [here, there] = both.roots();
    for split_bytes in [1000, 77_777, 1 << 20] {
        let read = |root: &PathBuf| {
            let files = list_files(std::slice::from_ref(root)).unwrap();
            lines(root, &plan_at_most(0, &files, split_bytes, 1, 0).unwrap()).unwrap()
        };
        assert!(read(&here) == read(&there), "splits of {split_bytes} bytes");
    }
    let rule = HadoopSplits { maps: 1, least_bytes: 1, block_bytes: 1 << 20, cuts: Cuts::Lines(1234) };
    let read = |root: &PathBuf| {
        let files = list_files(std::slice::from_ref(root)).unwrap();
        let mut splits = plan_by_hadoop(0, &files[..1], rule, &CancelToken::default()).unwrap();
        splits.sort_by_key(|split| split.first_file().map(|(_, cut)| cut));
        lines(root, &splits).unwrap()
    };
    assert!(read(&here) == read(&there));
}

#[test]
fn a_sample_of_a_store_is_that_of_this_machine() {
    let both = Both::new("sample");
    both.put("a", &text(200_000));
    both.put("b", &text(30));
    both.put("c.gz", &gzip(&text(50_000)));
    let sample = |root: &PathBuf| {
        let mut all = Vec::new();
        let add = |line: Record<'_>| {
            all.push(lined(root, &line));
            Ok(())
        };
        Inputs::default().sample::<Lines>(std::slice::from_ref(root), 10_000, add).unwrap();
        all
    };
    let [here, there] = both.roots();
    assert!(sample(&here) == sample(&there));
}

#[test]
fn a_file_in_a_store_that_changes_is_an_error_that_says_so() {
    for (name, bytes) in [("text", text(2000)), ("packed.gz", gzip(&text(2000)))] {
        let both = Both::new(&format!("changes-{name}"));
        both.put(name, &bytes);
        let files = list_files(std::slice::from_ref(&both.address)).unwrap();
        let splits = plan_at_most(0, &files, 1 << 20, 1, 0).unwrap();
        assert_eq!(lines(&both.address, &splits).unwrap().len(), 2000);
        both.put(name, &text(1999));
        let error = lines(&both.address, &splits).unwrap_err();
        assert!(matches!(error, Error::InputChanged { .. }), "{error}");
        assert!(error.to_string().contains(&format!("mem://changes-{name}/in/{name} changed")), "{error}");
        let error = files[0].check_unchanged().unwrap_err();
        assert!(matches!(error, Error::InputChanged { .. }), "{error}");
    }
}

#[test]
fn a_damaged_file_in_a_store_is_the_same_error_as_here() {
    let both = Both::new("damaged");
    both.put("a.gz", &gzip(&text(2000))[..500]);
    both.put("b.xz", b"\xfd7zXZ\0\0");
    for (at, said) in [(0, "at offset"), (1, "compressed as xz")] {
        for root in both.roots() {
            let files = list_files(std::slice::from_ref(&root)).unwrap();
            let split = plan_at_most(0, &files[at..=at], 1 << 20, 1, 0).unwrap();
            let error = lines(&root, &split).unwrap_err();
            assert!(matches!(error, Error::UnreadableInput { .. }) && error.to_string().contains(said), "{error}");
        }
    }
}
