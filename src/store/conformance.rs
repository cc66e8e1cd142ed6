//! Facts that every store satisfies, run for each of them.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use crate::config::{Compression, Durability, Medium, OnFull, Sync};
use crate::error::{Error, Result};
use crate::observe::purpose::Purpose;
use crate::store::device::Device;
use crate::store::disk::DiskStore;
use crate::store::memory::MemoryStore;
use crate::store::run_file::RunFile;
use crate::store::{MemoryBudget, PartitionIndex, Run, RunBuilder, RunCursor, RunStore, Segment, run_files};

type Record = (u32, Vec<u8>, Vec<u8>);

struct Bench {
    name: &'static str,
    store: Box<dyn RunStore>,
    budget: Arc<MemoryBudget>,
    medium: Medium,
    dir: tempfile::TempDir,
    /// Files of a run that lies in files.
    copies: usize,
}

impl Bench {
    fn files(&self) -> usize {
        run_files(self.dir.path())
    }
}

fn benches() -> Vec<Bench> {
    let disk = |name, compression| {
        let dir = tempfile::tempdir().unwrap();
        let store = Box::new(DiskStore::new(dir.path().to_owned(), compression, Arc::default()));
        Bench { name, store, budget: MemoryBudget::new(0), medium: Medium::Disk, dir, copies: 1 }
    };
    let copied = |name, replication, sync| {
        let dir = tempfile::tempdir().unwrap();
        let store = DiskStore::new(dir.path().to_owned(), Compression::None, Arc::default());
        let store = Box::new(store.with_durability(Durability { replication, sync }));
        Bench { name, store, budget: MemoryBudget::new(0), medium: Medium::Disk, dir, copies: replication as usize }
    };
    let memory = |name, limit, medium| {
        let dir = tempfile::tempdir().unwrap();
        let budget = MemoryBudget::new(limit);
        let overflow = Arc::new(DiskStore::new(dir.path().to_owned(), Compression::None, Arc::default()));
        let store = Box::new(MemoryStore::new(budget.clone(), OnFull::Spill, overflow));
        Bench { name, store, budget, medium, dir, copies: 1 }
    };
    vec![
        disk("disk", Compression::None),
        disk("disk, lz4", Compression::Lz4),
        disk("disk, zstd", Compression::Zstd),
        copied("disk, three copies", 3, Sync::Cache),
        copied("disk, synced", 1, Sync::Device),
        memory("memory", u64::MAX, Medium::Memory),
        memory("memory that is full from the start", 0, Medium::Disk),
        memory("memory that is full in the middle", 200 << 10, Medium::Disk),
    ]
}

fn write(store: &dyn RunStore, records: &[Record], partitions: u32) -> Result<Arc<dyn Run>> {
    let mut run = RunBuilder::create(store, "run", partitions, 1000, Purpose::Spill)?;
    let mut previous: Option<&Record> = None;
    for record in records {
        let (partition, key, value) = record;
        let same = previous.is_some_and(|(p, k, _)| (p, k) == (partition, key));
        run.push(*partition, key, value, same)?;
        previous = Some(record);
    }
    run.finish()
}

fn read(run: &Arc<dyn Run>) -> Result<Vec<Record>> {
    let mut records = Vec::new();
    for partition in 0..run.index().len() as u32 {
        let mut cursor = RunCursor::open(&Segment { run: run.clone(), partition, read_for: Purpose::Shuffle })?;
        while cursor.advance()?.is_some() {
            records.push((partition, cursor.key().to_vec(), cursor.value().to_vec()));
        }
    }
    Ok(records)
}

/// Three partitions, the middle one empty; short, long, repeated and empty keys and values.
fn records() -> Vec<Record> {
    let mut records = Vec::new();
    for partition in [0, 2] {
        records.push((partition, Vec::new(), Vec::new()));
        for i in 0u32..3000 {
            let key = format!("key {:06}", i / 3).into_bytes();
            records.push((partition, key, vec![b'v'; (i % 200) as usize]));
        }
        records.push((partition, b"long".repeat(5000), b"longer".repeat(20_000)));
        records.push((partition, b"zzz".to_vec(), b"last".to_vec()));
    }
    records
}

#[test]
fn a_run_gives_back_what_was_written() {
    for bench in benches() {
        let run = write(bench.store.as_ref(), &records(), 3).unwrap();
        assert_eq!(read(&run).unwrap(), records(), "{}", bench.name);
        assert_eq!(read(&run).unwrap(), records(), "{}, read again", bench.name);
        assert_eq!(run.on_disk().is_some(), bench.medium == Medium::Disk, "{}", bench.name);
        assert_eq!(run.index().get(1), PartitionIndex::default(), "{}", bench.name);
        assert_eq!(run.index().total().records, records().len() as u64, "{}", bench.name);
    }
}

#[test]
fn nothing_is_left_of_a_run_that_is_dropped() {
    for bench in benches() {
        let run = write(bench.store.as_ref(), &records(), 3).unwrap();
        let files = if bench.medium == Medium::Disk { bench.copies } else { 0 };
        assert_eq!(bench.files(), files, "{}", bench.name);
        assert_eq!(bench.budget.used_bytes() > 0, bench.medium == Medium::Memory, "{}", bench.name);
        drop(run);
        assert_eq!((bench.files(), bench.budget.used_bytes()), (0, 0), "{}", bench.name);
        drop(bench.store);
        assert_eq!(std::fs::read_dir(bench.dir.path()).unwrap().count(), 0, "{}", bench.name);
    }
}

#[test]
fn a_run_may_have_the_file_of_one_that_is_gone_and_that_nobody_reads() {
    let dir = tempfile::tempdir().unwrap();
    let store = DiskStore::new(dir.path().to_owned(), Compression::None, Arc::default());
    let short = |name| {
        let mut run = RunBuilder::create(&store, name, 1, 1000, Purpose::Spill).unwrap();
        run.push(0, b"key", name.as_bytes(), false).unwrap();
        run.finish().unwrap()
    };
    let inode = |run: &Arc<dyn Run>| std::fs::metadata(run.on_disk().unwrap().path()).unwrap().ino();
    let long = write(&store, &records(), 3).unwrap();
    let of_long = inode(&long);
    let mut cursor = RunCursor::open(&Segment { run: long.clone(), partition: 0, read_for: Purpose::Shuffle }).unwrap();
    drop(long);
    let second = short("second");
    assert_ne!(inode(&second), of_long, "it is still read");
    let mut left = 0;
    while cursor.advance().unwrap().is_some() {
        left += 1;
    }
    assert_eq!(left, records().iter().filter(|(partition, ..)| *partition == 0).count());
    drop(cursor);
    let third = short("third");
    assert_eq!(inode(&third), of_long);
    for (run, name) in [(&second, b"second".as_slice()), (&third, b"third")] {
        assert_eq!(read(run).unwrap(), [(0, b"key".to_vec(), name.to_vec())]);
    }
}

#[test]
fn nothing_is_left_of_a_run_that_was_not_finished() {
    for bench in benches() {
        let mut run = RunBuilder::create(bench.store.as_ref(), "run", 3, 1000, Purpose::Spill).unwrap();
        for (partition, key, value) in records() {
            run.push(partition, &key, &value, false).unwrap();
        }
        drop(run);
        assert_eq!((bench.files(), bench.budget.used_bytes()), (0, 0), "{}", bench.name);
    }
}

#[test]
fn a_run_without_records_has_empty_partitions() {
    for bench in benches() {
        let run = write(bench.store.as_ref(), &[], 4).unwrap();
        assert_eq!(run.index().len(), 4, "{}", bench.name);
        assert_eq!(read(&run).unwrap(), [], "{}", bench.name);
    }
}

#[test]
fn memory_of_released_partitions_goes_back() {
    let bench = benches().into_iter().find(|bench| bench.name == "memory").unwrap();
    let run = write(bench.store.as_ref(), &records(), 3).unwrap();
    (0..3).for_each(|partition| run.release(partition));
    assert_eq!(bench.budget.used_bytes(), 0);
}

#[test]
fn a_full_memory_that_may_not_spill_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let overflow = Arc::new(DiskStore::new(dir.path().to_owned(), Compression::None, Arc::default()));
    let budget = MemoryBudget::new(100 << 10);
    let store = MemoryStore::new(budget.clone(), OnFull::Fail, overflow);
    let error = write(&store, &records(), 3).unwrap_err();
    assert!(matches!(error, Error::MemoryFull { limit_bytes: 102_400, .. }), "{error}");
    assert_eq!(budget.used_bytes(), 0);
}

fn kept_run_file(dir: &Path, compression: Compression) -> std::path::PathBuf {
    let store = DiskStore::new(dir.to_owned(), compression, Arc::<Device>::default());
    write(&store, &records(), 3).unwrap().on_disk().unwrap().keep();
    dir.join("run.run")
}

fn read_file(path: &Path) -> Result<u64> {
    let file = RunFile::open(path)?;
    let mut records = 0;
    for partition in 0..file.index().len() as u32 {
        file.for_each_record(partition, |_, _| {
            records += 1;
            Ok(())
        })?;
    }
    Ok(records)
}

#[test]
fn a_kept_run_file_can_be_read_on_its_own() {
    for compression in [Compression::None, Compression::Lz4, Compression::Zstd] {
        let dir = tempfile::tempdir().unwrap();
        let path = kept_run_file(dir.path(), compression);
        assert_eq!(read_file(&path).unwrap(), records().len() as u64);
    }
}

#[test]
fn every_flipped_bit_and_every_lost_byte_is_found() {
    for compression in [Compression::None, Compression::Lz4] {
        let dir = tempfile::tempdir().unwrap();
        let path = kept_run_file(dir.path(), compression);
        let sound = std::fs::read(&path).unwrap();
        for at in (0..sound.len()).step_by(397).chain(0..80).chain(sound.len() - 200..sound.len()) {
            let mut damaged = sound.clone();
            damaged[at] ^= 0x10;
            std::fs::write(&path, &damaged).unwrap();
            let error = read_file(&path).expect_err("damage is found");
            assert!(matches!(error, Error::Corrupt { .. }), "byte {at}: {error}");
            assert!(error.to_string().contains("run.run"), "{error}");
        }
        for len in (0..sound.len()).step_by(1999).chain([sound.len() - 1]) {
            std::fs::write(&path, &sound[..len]).unwrap();
            assert!(matches!(read_file(&path), Err(Error::Corrupt { .. })), "cut at {len}");
        }
    }
}

/// The damage that readers find in a run.
fn damage(run: &Arc<dyn Run>) -> &'static str {
    match read(run) {
        Err(Error::Corrupt { what, .. }) => what,
        other => panic!("{:?}", other.map(|records| records.len())),
    }
}

#[test]
fn a_sound_run_in_the_place_of_another_is_damage() {
    for compression in [Compression::None, Compression::Lz4] {
        let dir = tempfile::tempdir().unwrap();
        let stores = [1, 2].map(|number| {
            let dir = dir.path().join(number.to_string());
            std::fs::create_dir(&dir).unwrap();
            DiskStore::new(dir, compression, Arc::default()).numbered(number)
        });
        // Another task's run in the same store, and the same task's in the store of another process: all of one layout.
        let write = |store: &DiskStore, name: &str| {
            let mut run = RunBuilder::create(store, name, 2, 1000, Purpose::Spill).unwrap();
            (0..2000).for_each(|i| run.push(0, &[0, (i / 250) as u8], name.as_bytes(), i % 250 > 0).unwrap());
            run.finish().unwrap()
        };
        let runs = [write(&stores[0], "map-1"), write(&stores[0], "map-2"), write(&stores[1], "map-1")];
        let paths = runs.each_ref().map(|run| run.on_disk().unwrap().path().to_owned());
        let files = paths.each_ref().map(|path| std::fs::read(path).unwrap());
        assert!(files.iter().all(|file| file.len() == files[0].len()));
        for other in [1, 2] {
            std::fs::write(&paths[0], &files[other]).unwrap();
            assert_eq!(damage(&runs[0]), "owner", "an empty partition is looked at too");
            assert!(runs[0].open(1, Purpose::Shuffle).is_err());
            assert!(RunFile::open(&paths[0]).is_ok(), "it is sound for whoever only looks");
            // Its blocks between the right header and the right end.
            let mut mixed = files[0].clone();
            let blocks = 40..runs[0].index().get(0).stored_bytes as usize + 40;
            mixed[blocks.clone()].copy_from_slice(&files[other][blocks]);
            std::fs::write(&paths[0], mixed).unwrap();
            assert_eq!(damage(&runs[0]), "block checksum");
        }
        std::fs::write(&paths[0], &files[0]).unwrap();
        read(&runs[0]).unwrap();
    }
}

#[test]
fn a_block_in_the_place_of_another_is_damage() {
    let dir = tempfile::tempdir().unwrap();
    let store = DiskStore::new(dir.path().to_owned(), Compression::None, Arc::default());
    let mut run = RunBuilder::create(&store, "run", 2, 1000, Purpose::Spill).unwrap();
    for partition in 0..2 {
        run.push(partition, b"key", if partition == 0 { b"one" } else { b"two" }, false).unwrap();
    }
    let run = run.finish().unwrap();
    let mut bytes = std::fs::read(run.on_disk().unwrap().path()).unwrap();
    let [first, second] = [0, 1].map(|partition| run.index().get(partition).offset as usize);
    let len = second - first;
    let (before, after) = bytes.split_at_mut(second);
    before[first..].swap_with_slice(&mut after[..len]);
    std::fs::write(run.on_disk().unwrap().path(), bytes).unwrap();
    assert_eq!(damage(&run), "block checksum");
}

#[test]
fn only_the_store_that_made_a_run_takes_it_up_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = |number| DiskStore::new(dir.path().to_owned(), Compression::None, Arc::default()).numbered(number);
    let write = |name| {
        let mut run = RunBuilder::create(&store(1), name, 1, 1000, Purpose::Spill).unwrap();
        run.push(0, b"key", b"value", false).unwrap();
        run.finish().unwrap().on_disk().unwrap().keep();
    };
    ["a", "b", "c"].into_iter().for_each(write);
    assert_eq!(read(&store(1).adopt("a").unwrap()).unwrap().len(), 1);
    assert!(store(2).adopt("b").is_err());
    std::fs::rename(dir.path().join("c.run"), dir.path().join("d.run")).unwrap();
    assert!(store(1).adopt("d").is_err());
}

#[test]
fn a_copy_that_is_another_runs_is_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let store = DiskStore::new(dir.path().to_owned(), Compression::None, Arc::default());
    let run = write(&store.clone().with_durability(Durability { replication: 2, sync: Sync::Cache }), &records(), 3);
    let run = run.unwrap();
    let mut other = RunBuilder::create(&store, "other", 3, 1000, Purpose::Spill).unwrap();
    other.push(0, b"key", b"value", false).unwrap();
    let other = other.finish().unwrap();
    std::fs::copy(other.on_disk().unwrap().path(), dir.path().join("run.run")).unwrap();
    assert_eq!(read(&run).unwrap(), records());
}

#[test]
fn a_damaged_block_is_read_from_another_copy() {
    let dir = tempfile::tempdir().unwrap();
    let store = DiskStore::new(dir.path().to_owned(), Compression::None, Arc::default());
    let store = store.with_durability(Durability { replication: 3, sync: Sync::Cache });
    let run = write(&store, &records(), 3).unwrap();
    let [first, second, third] = ["run.run", "run.copy-1.run", "run.copy-2.run"].map(|name| dir.path().join(name));
    let mut bytes = std::fs::read(&first).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&first, &bytes).unwrap();
    assert_eq!(read(&run).unwrap(), records(), "a flipped bit");
    std::fs::remove_file(&first).unwrap();
    std::fs::write(&second, &bytes[..middle]).unwrap();
    assert_eq!(read(&run).unwrap(), records(), "a lost file and a torn one");
    std::fs::write(&third, b"").unwrap();
    assert!(read(&run).is_err(), "no copy is whole");
}
