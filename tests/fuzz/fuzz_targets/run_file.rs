//! Damaged run files. Reading ends with an error or with the records; it never panics and makes no room for more than
//! the file can hold. Records before an error are those that were written.

#![no_main]

use std::fs;
use std::path::Path;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use twinmill::Result;
use twinmill::config::Compression;
use twinmill::fuzzing::{RunFile, RunRecord, merge_run, seal, write_run};

#[derive(Arbitrary, Debug)]
enum File {
    Arbitrary(Vec<u8>),
    Written(Written),
}

#[derive(Arbitrary, Debug)]
struct Written {
    partitions: u8,
    codec: u8,
    block_bytes: u8,
    records: Vec<(u8, Vec<u8>, Vec<u8>, u8)>,
    changes: Vec<Change>,
    /// Whether the checksums are those of the changed bytes.
    sealed: bool,
}

#[derive(Arbitrary, Debug)]
enum Change {
    Xor {
        at: u16,
        with: u8,
    },
    /// A number in the file becomes another one.
    Set {
        at: u16,
        number: u32,
    },
    Cut {
        at: u16,
    },
    Insert {
        at: u16,
        bytes: [u8; 4],
    },
}

impl Written {
    fn records(&self) -> Vec<RunRecord> {
        let partitions = u32::from(self.partitions).max(1);
        let repeat = |(partition, key, value, times): &(u8, Vec<u8>, Vec<u8>, u8)| {
            let record = (u32::from(*partition) % partitions, key.clone(), value.repeat(usize::from(*times)));
            std::iter::repeat_n(record, 1 + usize::from(times % 4))
        };
        let mut records: Vec<_> = self.records.iter().flat_map(repeat).collect();
        records.sort();
        records
    }

    fn compression(&self) -> Compression {
        [Compression::None, Compression::Lz4, Compression::Zstd][usize::from(self.codec % 3)]
    }

    fn changed(&self, mut file: Vec<u8>) -> Vec<u8> {
        for change in &self.changes {
            let place = |at: &u16| usize::from(*at) % (file.len() + 1);
            match change {
                Change::Xor { at, with } => {
                    let at = place(at);
                    file.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= with);
                }
                Change::Set { at, number } => {
                    let at = place(at) / 4 * 4;
                    file.iter_mut().skip(at).zip(number.to_le_bytes()).for_each(|(byte, new)| *byte = new);
                }
                Change::Cut { at } => file.truncate(place(at)),
                Change::Insert { at, bytes } => {
                    let at = place(at);
                    file.splice(at..at, *bytes);
                }
            }
        }
        if self.sealed {
            seal(&mut file);
        }
        file
    }
}

/// Reads all partitions until one is damaged.
fn read(path: &Path) -> (Vec<RunRecord>, Result<()>) {
    let mut records = Vec::new();
    let file = match RunFile::open(path) {
        Ok(file) => file,
        Err(error) => return (records, Err(error)),
    };
    for partition in 0..file.index().len() as u32 {
        let read = file.for_each_record(partition, |key, value| {
            records.push((partition, key.to_vec(), value.to_vec()));
            Ok(())
        });
        if let Err(error) = read {
            return (records, Err(error));
        }
    }
    (records, Ok(()))
}

fuzz_target!(|file: File| {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run.run");
    match file {
        File::Arbitrary(bytes) => {
            fs::write(&path, bytes).unwrap();
            let _ = read(&path);
        }
        File::Written(written) => {
            let records = written.records();
            let block_bytes = 1 + usize::from(written.block_bytes);
            let partitions = u32::from(written.partitions).max(1);
            write_run(dir.path(), "run", partitions, written.compression(), block_bytes, &records).unwrap();
            let sound = fs::read(&path).unwrap();
            let changed = written.changed(sound.clone());
            fs::write(&path, &changed).unwrap();
            let (read, outcome) = read(&path);
            if changed == sound {
                outcome.unwrap();
                assert_eq!(read, records);
            } else if !written.sealed {
                // Whole blocks of each partition up to the damaged one.
                assert!(records.starts_with(&read), "{read:?} of {records:?}");
            }
        }
    }
    let _ = merge_run(dir.path(), "run", |_, _| {});
});
