//! Stores that fail at times, and stores whose objects change.

use std::collections::HashMap;
use std::fmt;
use std::io::{ErrorKind, Read};
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path as Key;
use object_store::{
    CopyOptions, Error as StoreError, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use super::*;
use crate::CancelToken;
use crate::config::ExistingOutput;
use crate::error::Error;
use crate::remote::objects::Objects;
use crate::remote::stores::put_in_place;

/// A store in memory that counts what it is asked, and fails when it is told to.
#[derive(Debug, Default)]
struct Moody {
    inner: InMemory,
    gets: AtomicU32,
    /// Each request fails so many times before it is answered.
    failures: AtomicU32,
    asked: Mutex<HashMap<String, u32>>,
    is_full: AtomicBool,
}

impl Moody {
    fn mood(&self, request: String) -> Result<()> {
        self.gets.fetch_add(1, Ordering::Relaxed);
        let mut asked = self.asked.lock().unwrap();
        let times = asked.entry(request).or_default();
        if *times < self.failures.load(Ordering::Relaxed) {
            *times += 1;
            return Err(StoreError::Generic { store: "moody", source: "it slipped".into() });
        }
        *times = 0;
        Ok(())
    }
}

impl fmt::Display for Moody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("moody")
    }
}

#[async_trait]
impl ObjectStore for Moody {
    async fn put_opts(&self, location: &Key, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.inner.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Key,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        if self.is_full.load(Ordering::Relaxed) && location.as_ref().ends_with("part-r-00001") {
            return Err(StoreError::Generic { store: "moody", source: "it is full".into() });
        }
        self.inner.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Key, options: GetOptions) -> Result<GetResult> {
        self.mood(format!("{location} {:?}", options.range))?;
        self.inner.get_opts(location, options).await
    }

    fn delete_stream(&self, keys: BoxStream<'static, Result<Key>>) -> BoxStream<'static, Result<Key>> {
        self.inner.delete_stream(keys)
    }

    fn list(&self, prefix: Option<&Key>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Key>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Key, to: &Key, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

/// A store at `mem://NAME`.
fn store(name: &str) -> Arc<Moody> {
    let store = Arc::new(Moody::default());
    put_in_place(&format!("mem://{name}"), Arc::new(Objects::new(store.clone(), false)));
    store
}

fn put(store: &Moody, key: &str, bytes: &[u8]) {
    let (key, payload) = (Key::from(key), PutPayload::from(bytes.to_vec()));
    pending::runtime().unwrap().block_on(store.inner.put(&key, payload)).unwrap();
}

fn keys(store: &Moody) -> Vec<String> {
    let listed = futures_util::StreamExt::collect::<Vec<_>>(store.inner.list(None));
    let listed = pending::runtime().unwrap().block_on(listed);
    let mut keys: Vec<String> = listed.into_iter().map(|meta| meta.unwrap().location.to_string()).collect();
    keys.sort();
    keys
}

fn list(address: &str) -> crate::Result<Vec<(String, Arc<RemoteFile>)>> {
    RemoteFile::list(&Address::of(Path::new(address)).unwrap(), &CancelToken::default())
}

/// So many bytes that are not alike.
fn bytes(count: usize) -> Vec<u8> {
    (0..count as u64).map(|at| (at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect()
}

fn read_piece(file: &Arc<RemoteFile>, piece: Range<u64>) -> std::io::Result<Vec<u8>> {
    let reader = Reader::open(file, piece.end, &CancelToken::default())?;
    let (mut read, mut buffer) = (Vec::new(), vec![0; 256 << 10]);
    while (read.len() as u64) < piece.end - piece.start {
        let rest = ((piece.end - piece.start) as usize - read.len()).min(buffer.len());
        let count = reader.read_at(&mut buffer[..rest], piece.start + read.len() as u64)?;
        assert!(count > 0, "a file does not end before its end");
        read.extend_from_slice(&buffer[..count]);
    }
    Ok(read)
}

#[test]
fn files_are_listed_in_order_without_hidden_names() {
    let store = store("listed");
    for key in ["in/b", "in/a/z", "in/_SUCCESS", "in/.x/y", "in/a.txt", "in/c_$folder$", "inn/a", "other"] {
        put(&store, key, if key.contains('$') { b"" } else { b"x" });
    }
    let names = |address: &str| -> Vec<String> { list(address).unwrap().into_iter().map(|(name, _)| name).collect() };
    let below = |names: &[&str]| names.iter().map(|name| format!("mem://listed/{name}")).collect::<Vec<_>>();
    assert_eq!(names("mem://listed/in"), below(&["in/a.txt", "in/a/z", "in/b"]));
    assert_eq!(names("mem://listed/in/"), names("mem://listed/in"));
    assert_eq!(names("mem://listed/in/_SUCCESS"), below(&["in/_SUCCESS"]), "whoever names it wants it");
    assert_eq!(names("mem://listed").len(), 5);
    let missing = list("mem://listed/nope").unwrap_err();
    assert!(missing.to_string().contains("read input mem://listed/nope: there is no such file"), "{missing}");
}

#[test]
fn pieces_are_read_in_few_large_ranges() {
    let (store, content) = (store("ranges"), bytes((21 << 20) + 7));
    put(&store, "file", &content);
    let file = list("mem://ranges/file").unwrap().remove(0).1;
    for (piece, most) in
        [(0..content.len() as u64, 8), (5_000_000..9_000_001, 3), (1..2, 1), (22_020_000..22_020_103, 1)]
    {
        store.gets.store(0, Ordering::Relaxed);
        let read = read_piece(&file, piece.clone()).unwrap();
        assert!(read == content[piece.start as usize..piece.end as usize], "{piece:?}");
        let gets = store.gets.load(Ordering::Relaxed);
        assert!(gets <= most, "{gets} requests for {piece:?}");
    }
    let reader = Reader::open(&file, 0, &CancelToken::default()).unwrap();
    let mut target = [0; 10];
    assert_eq!(reader.read_at(&mut target, content.len() as u64).unwrap(), 0);
    assert_eq!(reader.read_at(&mut target, content.len() as u64 - 3).unwrap(), 3);
    let mut all = Vec::new();
    (&reader).read_to_end(&mut all).unwrap();
    assert!(all == content, "the cursor is apart from the offsets");
}

#[test]
fn what_was_fetched_beforehand_is_not_asked_for_again() {
    let (store, content) = (store("fetched"), bytes(300_000));
    put(&store, "file", &content);
    let file = list("mem://fetched/file").unwrap().remove(0).1;
    file.fetch(100_000..200_000);
    file.fetch(100_000..200_000);
    assert!(read_piece(&file, 120_000..200_000).unwrap() == content[120_000..200_000]);
    assert_eq!(store.gets.load(Ordering::Relaxed), 2, "one to list, one to fetch");
    file.release();
    assert!(read_piece(&file, 150_000..250_000).unwrap() == content[150_000..250_000]);
    assert!(store.gets.load(Ordering::Relaxed) > 2);
}

#[test]
fn a_store_that_fails_at_times_is_asked_again_and_one_that_always_fails_is_an_error() {
    let (store, content) = (store("failing"), bytes(6 << 20));
    put(&store, "file", &content);
    let file = list("mem://failing/file").unwrap().remove(0).1;
    store.failures.store(3, Ordering::Relaxed);
    assert!(read_piece(&file, 0..6 << 20).unwrap() == content);
    assert_eq!(list("mem://failing/file").unwrap().len(), 1);
    store.failures.store(u32::MAX, Ordering::Relaxed);
    let error = list("mem://failing/file").unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "another attempt of the task may succeed");
    assert_eq!(error.to_string(), "cannot read input mem://failing/file: it slipped");
    let error = read_piece(&file, 0..5).unwrap_err();
    assert!(matches!(Failure::within(&error), Some(Failure::Passing(_))), "{error}");
}

#[test]
fn an_object_that_changes_is_never_read_in_parts_of_two_versions() {
    let store = store("changing");
    for (new, said) in [(&b"other bytes"[..], "another version"), (b"short", "another version")] {
        put(&store, "file", b"first bytes");
        let file = list("mem://changing/file").unwrap().remove(0).1;
        put(&store, "file", new);
        let error = read_piece(&file, 0..11).unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
        assert!(matches!(file.check(), Err(Failure::Changed(_))));
    }
    let file = list("mem://changing/file").unwrap().remove(0).1;
    let key = Key::from("file");
    pending::runtime().unwrap().block_on(store.inner.delete(&key)).unwrap();
    let error = read_piece(&file, 0..3).unwrap_err();
    assert!(matches!(Failure::within(&error), Some(Failure::Changed(_))), "{error}");
    assert!(error.to_string().contains("not there any more"), "{error}");
}

/// The file at an address as another process has found it, with copies of what lies in `kept`.
fn as_found(address: &str, entry: &Entry, copies: Copies) -> Arc<RemoteFile> {
    let address = Address::of(Path::new(address)).unwrap();
    Arc::new(RemoteFile::as_found(address, entry.clone(), copies, &CancelToken::default()))
}

#[test]
fn a_file_that_another_process_has_found_is_asked_for_what_did_not_come_along() {
    let (store, content, dir) = (store("found"), bytes(300_000), tempfile::tempdir().unwrap());
    put(&store, "file", &content);
    let entry = list("mem://found/file").unwrap().remove(0).1.entry().clone();
    let kept = dir.path().join("kept");
    std::fs::write(&kept, &content[1000..2000]).unwrap();
    let mut copies = Copies::within(&Arc::new(std::fs::File::open(&kept).unwrap()));
    copies.add(1000..2000, 0);
    let file = as_found("mem://found/file", &entry, copies);
    store.gets.store(0, Ordering::Relaxed);
    assert!(read_piece(&file, 1000..2000).unwrap() == content[1000..2000]);
    assert_eq!(store.gets.load(Ordering::Relaxed), 0);
    assert!(read_piece(&file, 0..300_000).unwrap() == content);
    assert!(store.gets.load(Ordering::Relaxed) > 0);
    put(&store, "file", b"other bytes");
    assert!(read_piece(&file, 1000..2000).unwrap() == content[1000..2000], "they are of the version that was found");
    let error = read_piece(&file, 0..2000).unwrap_err();
    assert!(matches!(Failure::within(&error), Some(Failure::Changed(_))), "{error}");
}

#[test]
fn a_file_in_a_store_that_its_finder_alone_can_reach_is_an_error_that_says_what_to_do() {
    let file = as_found("mem://out-of-reach/file", &Entry { bytes: 3, ..Entry::default() }, Copies::default());
    let failure = Reader::open(&file, 3, &CancelToken::default()).unwrap_err();
    assert!(
        matches!(failure, Failure::Refused(_)) && failure.to_string().contains("settings and credentials"),
        "{failure}"
    );
}

#[test]
fn whoever_waits_can_be_stopped() {
    let cancel = CancelToken::default();
    cancel.cancel();
    let never = pending::begin(std::future::pending::<std::result::Result<(), Failure>>());
    assert!(matches!(never.wait(&cancel), Err(Failure::Cancelled)));
}

/// Parts in a directory of this machine, with `_SUCCESS`.
fn parts(count: usize, content: &[u8]) -> (tempfile::TempDir, Vec<String>) {
    let dir = tempfile::tempdir().unwrap();
    let mut names: Vec<String> = (0..count).map(|part| format!("part-r-{part:05}")).collect();
    names.iter().for_each(|name| std::fs::write(dir.path().join(name), content).unwrap());
    std::fs::write(dir.path().join("_SUCCESS"), "").unwrap();
    names.push("_SUCCESS".into());
    (dir, names)
}

fn send(parts: &(tempfile::TempDir, Vec<String>), existing: ExistingOutput) -> std::result::Result<(), Failure> {
    let (cancel, address) = (CancelToken::default(), Address::of(Path::new("mem://output/out")).unwrap());
    let mut output = at(&address).unwrap().begin_output(address.path(), &cancel)?;
    for name in &parts.1 {
        output.put(name, &parts.0.path().join(name), &cancel)?;
    }
    output.commit(existing, &cancel)
}

#[test]
fn an_output_is_there_with_all_its_parts_or_as_it_was() {
    let store = store("output");
    let content = bytes((17 << 20) + 1);
    put(&store, "out2/part-r-00000", b"of another");
    send(&parts(3, &content), ExistingOutput::Refuse).unwrap();
    let first = ["out/_SUCCESS", "out/part-r-00000", "out/part-r-00001", "out/part-r-00002", "out2/part-r-00000"];
    assert_eq!(keys(&store), first);
    let file = list("mem://output/out/part-r-00001").unwrap().remove(0).1;
    assert!(read_piece(&file, 0..content.len() as u64).unwrap() == content);
    let error = send(&parts(2, b"new"), ExistingOutput::Refuse).unwrap_err();
    assert!(error.to_string().contains("exists by now"), "{error}");
    store.is_full.store(true, Ordering::Relaxed);
    send(&parts(2, b"new"), ExistingOutput::Overwrite).unwrap_err();
    assert!(file.check().is_ok(), "the old output is as it was");
    assert_eq!(keys(&store), first);
    store.is_full.store(false, Ordering::Relaxed);
    send(&parts(2, b"new"), ExistingOutput::Overwrite).unwrap();
    assert_eq!(keys(&store), ["out/_SUCCESS", "out/part-r-00000", "out/part-r-00001", "out2/part-r-00000"]);
    assert_eq!(list("mem://output/out/part-r-00001").unwrap()[0].1.entry().bytes, 3);
}

#[test]
fn a_failure_knows_whether_trying_again_may_help() {
    let name = Path::new("s3://b/k");
    let error = Failure::Refused("who are you?".into()).during("read", name);
    assert_eq!(error.to_string(), "cannot read s3://b/k: who are you?");
    assert!(!error.may_pass() && Failure::Passing("busy".into()).during("read", name).may_pass());
    assert!(!Failure::Changed("x".into()).during("read", name).may_pass());
    let Error::Io { source, .. } = Failure::Missing.during("read", name) else { panic!("it is of the store") };
    assert_eq!(source.kind(), ErrorKind::NotFound);
}
