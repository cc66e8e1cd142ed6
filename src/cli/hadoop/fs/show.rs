//! `-cat`, `-text`, `-head`, `-tail` and `-checksum`: what is in files.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::ops::ControlFlow;
use std::slice;
use std::thread;
use std::time::Duration;

use super::complaint::{Complaint, Done};
use super::names::Item;
use super::run::{Run, print_path};
use crate::cli::hadoop::fs_words::TAIL_BYTES;
use crate::error::Error;
use crate::input::{Inputs, OpenFiles};
use crate::streaming::reading::{Reading, Shown};

/// The size of a block, as Hadoop says it of local files.
pub const BLOCK_BYTES: u64 = 32 << 20;

fn open(item: &Item) -> Done<File> {
    if item.is_dir() {
        return Err(Complaint::is_dir(item));
    }
    File::open(&item.path).map_err(Complaint::at(item))
}

/// Copies to stdout; tells how many bytes. A reader that has gone is no error.
fn copy(item: &Item, mut content: impl Read) -> Done<u64> {
    let mut out = io::stdout().lock();
    match io::copy(&mut content, &mut out).and_then(|bytes| out.flush().map(|()| bytes)) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(0),
        copied => copied.map_err(Complaint::at(item)),
    }
}

pub fn whole(item: &Item) -> Done {
    copy(item, open(item)?).map(drop)
}

pub fn head(item: &Item) -> Done {
    copy(item, open(item)?.take(TAIL_BYTES)).map(drop)
}

/// Prints the end of a file, and with `-f` what is appended, until the process ends.
pub fn tail(run: &mut Run<'_>, item: &Item) -> Done {
    let mut file = open(item)?;
    let length = file.metadata().map_err(Complaint::at(item))?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES))).map_err(Complaint::at(item))?;
    copy(item, &mut file)?;
    let pause = run.words.value("-s").and_then(|pause| pause.to_str()?.parse().ok());
    let pause = Duration::from_millis(pause.filter(|pause| *pause > 0).unwrap_or(5000));
    while run.words.has(&["-f"]) {
        thread::sleep(pause);
        let mut appended = Vec::new();
        file.read_to_end(&mut appended).map_err(Complaint::at(item))?;
        let mut out = io::stdout().lock();
        if out.write_all(&appended).and_then(|()| out.flush()).is_err() {
            break;
        }
    }
    Ok(())
}

pub fn checksum(run: &mut Run<'_>, item: &Item) -> Done {
    open(item)?;
    let block = if run.words.has(&["-v"]) { format!("\tBlockSize={BLOCK_BYTES}") } else { String::new() };
    let mut line = item.shown.clone();
    line.push(format!("\tNONE{block}"));
    print_path("", &line);
    Ok(())
}

/// Prints a file as text: the records of a `SequenceFile` as lines, what is compressed unpacked, anything else as it is.
pub fn text(item: &Item) -> Done {
    let mut begin = [0; 3];
    let read = open(item)?.read(&mut begin).map_err(Complaint::at(item))?;
    if read == begin.len() && &begin == b"SEQ" {
        return records(item);
    }
    let name = item.name().to_string_lossy().into_owned();
    let is_packed = [".gz", ".bz2", ".zst", ".lz4", ".deflate", ".snappy"].iter().any(|end| name.ends_with(end));
    if is_packed || begin.starts_with(b"\x1f\x8b") { unpacked(item) } else { whole(item) }
}

fn complaint(item: &Item, error: &Error) -> Complaint {
    Complaint::of(item, &error.to_string())
}

/// A write that failed because nobody reads is no error, but the end.
fn written(done: io::Result<()>) -> crate::error::Result<ControlFlow<()>> {
    match done {
        Ok(()) => Ok(ControlFlow::Continue(())),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(ControlFlow::Break(())),
        Err(error) => Err(Error::user(format!("cannot write: {error}"))),
    }
}

fn records(item: &Item) -> Done {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let (mut line, mut is_closed) = (Vec::new(), false);
    let scanned = Inputs::default().scan::<OpenFiles>(slice::from_ref(&item.path), |mut file| {
        Reading::Sequence(Shown::TheirOwn).each(&mut file, |_, key, value| {
            if is_closed {
                return Ok(());
            }
            line.clear();
            key.write_java_string(&mut line);
            line.push(b'\t');
            value.write_java_string(&mut line);
            line.push(b'\n');
            is_closed = written(out.write_all(&line))?.is_break();
            Ok(())
        })?;
        Ok(ControlFlow::Continue(()))
    });
    scanned.and_then(|()| written(out.flush()).map(drop)).map_err(|error| complaint(item, &error))
}

fn unpacked(item: &Item) -> Done {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let scanned = Inputs::default().scan::<OpenFiles>(slice::from_ref(&item.path), |mut file| {
        loop {
            let bytes = file.unread().len();
            if written(out.write_all(file.unread()))?.is_break() || bytes == 0 && file.at_end() {
                return Ok(ControlFlow::Continue(()));
            }
            file.consume(bytes);
            if !file.at_end() {
                file.fill()?;
            }
        }
    });
    scanned.and_then(|()| written(out.flush()).map(drop)).map_err(|error| complaint(item, &error))
}
