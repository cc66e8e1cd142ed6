//! The files that a run reads, each as it was when the run first saw it.
//!
//! A run looks at its inputs more than once: it chooses split points from a sample, looks for the first row of a table,
//! cuts the files into splits, and may read all of them again in every iteration. [`Inputs`] lists the files of a path
//! once and answers from that listing ever after. A file is compared with the listing whenever it is opened, so a
//! change between two looks is an error.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::cancel::CancelToken;
use crate::error::{Error, Result};
use crate::input::bad_records::Scout;
use crate::input::chunks::{PieceReader, ReadContext};
use crate::input::format::InputFormat;
use crate::input::listing::{InputFile, list_until};
use crate::input::notes::Notes;
use crate::input::split::{FilePiece, Piece};
use crate::input::watch::{Watch, Watched};
use crate::observe::activity::lock;
use crate::observe::phases::{PhaseLog, PhaseName, PhaseStart};
use crate::observe::progress::Progress;
use crate::observe::purpose::Purpose;
use crate::remote::RemoteFile;

/// Places that a sample looks at.
const PLACES: u64 = 512;
/// Bytes read at each place at most; with longer records there are fewer of them.
const BYTES_A_PLACE: u64 = 32 << 10;
/// Places that are closer together are looked at with one look, since a look opens its file.
const BYTES_A_LOOK: u64 = 512;
/// Bytes read at once: mostly all that a place asks for.
const BYTES_AT_A_TIME: u64 = 4 << 10;

/// The inputs of one run. Clones share the listing.
#[derive(Clone, Debug, Default)]
pub struct Inputs(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    cancel: CancelToken,
    progress: Arc<Progress>,
    listings: Mutex<HashMap<Vec<PathBuf>, Arc<[InputFile]>>>,
    notes: Notes,
    guessed: Mutex<BTreeMap<String, String>>,
    /// Looks at the input beforehand since the driver last asked.
    looks: Mutex<PhaseLog>,
    /// By path.
    stand_ins: Arc<BTreeMap<PathBuf, StandIn>>,
    view: View,
    /// What was [remembered](Inputs::remembered) so far.
    remembered: Mutex<Vec<Keys>>,
}

/// Encoded keys.
pub(crate) type Keys = Vec<Box<[u8]>>;

/// How a program sees its inputs.
#[derive(Clone, Debug, Default)]
pub(crate) enum View {
    /// As files.
    #[default]
    Files,
    /// As files; what it reads of them is noted.
    Watched(Arc<Watch>),
    /// As another process saw them, whose files are not here, or lie in a store.
    Shipped(Arc<Shipped>),
    /// Not at all: a look is an error, with this advice.
    Blind(&'static str),
}

/// What another process saw of its inputs.
#[derive(Debug, Default)]
pub(crate) struct Shipped {
    /// The files at and below paths.
    pub listings: HashMap<Vec<PathBuf>, Arc<[InputFile]>>,
    /// What it remembered, in its order.
    pub remembered: Vec<Keys>,
}

/// A look at the input.
struct Look<'a> {
    looks: &'a Mutex<PhaseLog>,
    start: PhaseStart,
}

impl Drop for Look<'_> {
    fn drop(&mut self) {
        lock(self.looks).end(PhaseName::Sample, self.start);
    }
}

/// Bytes of files in stores that a sample will ask for, on their way all at once: hundreds of places, one after another, would be
/// waited for hundreds of times.
struct Fetched<'a>(Vec<&'a RemoteFile>);

impl<'a> Fetched<'a> {
    /// Begins to fetch the beginnings of files, and the places in them that are `step` apart.
    fn places(files: &[(&'a InputFile, u64, u64)], step: u64) -> Self {
        /// The byte before a place says whether a record begins there.
        const BEFORE: u64 = 1;
        /// Places that lie close are fetched together.
        const MOST_BYTES: u64 = 1 << 20;
        let mut fetched = Vec::new();
        for (file, first, places) in files {
            let Some(remote) = &file.remote else { continue };
            fetched.push(&**remote);
            let mut open = 0..BYTES_A_PLACE;
            for place in (0..*places).map(|place| first + place * step) {
                let start = open.end.max(place.saturating_sub(BEFORE));
                if start > open.end || start - open.start >= MOST_BYTES {
                    remote.fetch(std::mem::replace(&mut open, start..start));
                }
                open.end = open.end.max(place + BYTES_A_PLACE);
            }
            remote.fetch(open);
        }
        Fetched(fetched)
    }
}

impl Drop for Fetched<'_> {
    fn drop(&mut self) {
        self.0.iter().for_each(|file| file.release());
    }
}

/// A file that is read instead of a path.
#[derive(Clone, Debug)]
struct StandIn {
    file: PathBuf,
    name: Arc<Path>,
}

impl Inputs {
    /// Returns the inputs of a new run, which has seen nothing yet, reports reading to `progress`, and stops once
    /// `cancel` is cancelled.
    pub(crate) fn of_a_run(&self, cancel: &CancelToken, progress: &Arc<Progress>) -> Self {
        let (cancel, progress, stand_ins) = (cancel.clone(), progress.clone(), self.0.stand_ins.clone());
        let view = self.0.view.clone();
        Inputs(Arc::new(Shared { cancel, progress, stand_ins, view, ..Shared::default() }))
    }

    /// The same inputs, seen in another way.
    pub(crate) fn seen_as(&self, view: View) -> Self {
        let (cancel, stand_ins) = (self.0.cancel.clone(), self.0.stand_ins.clone());
        Inputs(Arc::new(Shared { cancel, stand_ins, view, ..Shared::default() }))
    }

    /// What was listed so far.
    pub(crate) fn listings(&self) -> Vec<(Vec<PathBuf>, Arc<[InputFile]>)> {
        lock(&self.0.listings).iter().map(|(paths, files)| (paths.clone(), files.clone())).collect()
    }

    /// What was remembered so far.
    pub(crate) fn all_remembered(&self) -> Vec<Keys> {
        lock(&self.0.remembered).clone()
    }

    /// The result of `look`, which looks at the inputs. Where a program is repeated in its tasks, it is the result of the
    /// first time, and what was looked at for it need not be sent to them.
    pub(crate) fn remembered(&self, look: impl FnOnce() -> Result<Keys>) -> Result<Keys> {
        let mut remembered = lock(&self.0.remembered);
        let keys = match &self.0.view {
            View::Files | View::Blind(_) => return look(),
            View::Watched(watch) => watch.unnoted(look)?,
            View::Shipped(shipped) => shipped.remembered.get(remembered.len()).cloned().ok_or_else(|| {
                Error::Config("the plan is of another program: it holds fewer samples than this one takes".into())
            })?,
        };
        remembered.push(keys.clone());
        Ok(keys)
    }

    fn may_look(&self) -> Result<()> {
        match &self.0.view {
            View::Blind(advice) => Err(Error::Config((*advice).to_owned())),
            View::Files | View::Watched(_) | View::Shipped(_) => Ok(()),
        }
    }

    /// The context of the run's readers.
    pub(crate) fn context<'a>(&'a self, scout: Option<&'a Scout<'a>>) -> ReadContext<'a> {
        let Shared { cancel, progress, notes, .. } = &*self.0;
        ReadContext { cancel, purpose: Purpose::Input, at_a_time: usize::MAX, progress, notes, scout }
    }

    /// Reads files instead of some paths, such as those of pipes, which can be read only once. Each has its path, the
    /// file to read, and its name in errors and records.
    pub fn with_stand_ins(&self, stand_ins: impl IntoIterator<Item = (PathBuf, PathBuf, PathBuf)>) -> Self {
        let stand_in = |(path, file, name): (_, _, PathBuf)| (path, StandIn { file, name: name.into() });
        let before = self.0.stand_ins.iter().map(|(path, stand_in)| (path.clone(), stand_in.clone()));
        let stand_ins = Arc::new(before.chain(stand_ins.into_iter().map(stand_in)).collect());
        let (cancel, view) = (self.0.cancel.clone(), self.0.view.clone());
        Inputs(Arc::new(Shared { cancel, stand_ins, view, ..Shared::default() }))
    }

    pub(crate) fn notes(&self) -> &Notes {
        &self.0.notes
    }

    /// Notes a sentence for the report that is no error but should be read, such as a guess. Equal sentences are noted
    /// once.
    pub fn note(&self, sentence: impl Into<String>) {
        self.0.notes.add(sentence.into());
    }

    /// Notes a guess about the input for the report: `separator` is `comma`.
    pub fn guess(&self, what: impl Into<String>, value: impl Into<String>) {
        lock(&self.0.guessed).insert(what.into(), value.into());
    }

    pub(crate) fn guessed(&self) -> BTreeMap<String, String> {
        lock(&self.0.guessed).clone()
    }

    /// The notes, in byte order.
    pub(crate) fn said(&self) -> Vec<String> {
        self.0.notes.said()
    }

    /// The files at and below `paths`, in the order in which they are read: see [`list_files`](crate::input::list_files). They are
    /// listed once.
    ///
    /// # Errors
    /// Those of [`list_files`](crate::input::list_files).
    pub fn files(&self, paths: &[PathBuf]) -> Result<Arc<[InputFile]>> {
        self.may_look()?;
        self.list(paths)
    }

    /// The same for the runtime, which lists the inputs of a task, too.
    pub(crate) fn list(&self, paths: &[PathBuf]) -> Result<Arc<[InputFile]>> {
        if let View::Shipped(shipped) = &self.0.view
            && let Some(files) = shipped.listings.get(paths)
        {
            return Ok(files.clone());
        }
        if let Some(files) = lock(&self.0.listings).get(paths) {
            return Ok(files.clone());
        }
        let stand_ins = &self.0.stand_ins;
        let file_of = |path: &PathBuf| stand_ins.get(path).map_or(path, |stand_in| &stand_in.file).clone();
        let mut files = list_until(&paths.iter().map(file_of).collect::<Vec<_>>(), &self.0.cancel)?;
        for file in &mut files {
            let stand_in = stand_ins.values().find(|stand_in| *stand_in.file == *file.path);
            file.called = stand_in.map(|stand_in| stand_in.name.clone());
            if let View::Watched(watch) = &self.0.view {
                file.watched = Watched(Some(watch.clone()));
            }
        }
        let files: Arc<[InputFile]> = files.into();
        Ok(lock(&self.0.listings).entry(paths.to_owned()).or_insert(files).clone())
    }

    /// Bytes of the files at and below `paths`, as they lie.
    ///
    /// # Errors
    /// Those of [`list_files`](crate::input::list_files).
    pub fn bytes(&self, paths: &[PathBuf]) -> Result<u64> {
        Ok(self.files(paths)?.iter().map(|file| file.bytes).sum())
    }

    /// Calls `each` for one record after another, in the order of the input, until it breaks.
    ///
    /// # Errors
    /// [`Error::Io`] for inputs that cannot be read; errors of `each`, with the record's place.
    pub fn scan<F: InputFormat>(
        &self,
        paths: &[PathBuf],
        mut each: impl FnMut(F::Record<'_>) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        let _look = self.begin_look();
        let progress = Progress::default();
        let context = self.aside(&progress);
        let (mut buffer, mut bytes_read) = (Vec::new(), 0);
        for file in self.files(paths)?.iter() {
            let piece = Piece::File(FilePiece::whole(file));
            let reader = PieceReader { piece: &piece, buffer: &mut buffer, bytes_read: &mut bytes_read, context };
            let mut broke = false;
            let outcome = F::read(reader, |record| match each(record)? {
                ControlFlow::Continue(()) => Ok(()),
                ControlFlow::Break(()) => {
                    broke = true;
                    Err(Error::Cancelled)
                }
            });
            self.ended(outcome, broke)?;
            if broke {
                break;
            }
        }
        Ok(())
    }

    /// Records from all over the inputs, for choosing split points: about `count`, always the same ones for the same files.
    /// Every file is looked at in proportion to its size, at evenly spaced places; compressed files at their beginning. At
    /// each place a bounded number of bytes is read, however long the records are: a line that goes on beyond them is cut. Of
    /// a small file every record is seen, once.
    ///
    /// # Errors
    /// [`Error::Io`] for inputs that cannot be read.
    pub fn sample<F: InputFormat>(
        &self,
        paths: &[PathBuf],
        count: usize,
        mut each: impl FnMut(F::Record<'_>) -> Result<()>,
    ) -> Result<()> {
        let _look = self.begin_look();
        self.look_around::<F>(paths, count, &mut each).map(|_bytes| ())
    }

    /// Takes a sample; returns the bytes that were read for it.
    fn look_around<F: InputFormat>(
        &self,
        paths: &[PathBuf],
        count: usize,
        each: &mut impl FnMut(F::Record<'_>) -> Result<()>,
    ) -> Result<u64> {
        let mut bytes = 0;
        let files = self.files(paths)?;
        let total: u64 = files.iter().map(|file| file.bytes).sum();
        let per_place = count.div_ceil(PLACES as usize) as u64;
        let step = total.div_ceil(PLACES).max(1).next_multiple_of(F::SPLIT_ALIGNMENT);
        let places_a_look = BYTES_A_LOOK.div_ceil(step);
        let look_bytes = places_a_look * step;
        // Of a small file about as much as there is of it.
        let at_a_time = look_bytes.min(BYTES_AT_A_TIME) as usize;
        let mut before = 0u64;
        let mut buffer = Vec::new();
        // For each file that is looked at: its first place, and their number.
        let mut looked_at = Vec::new();
        for file in files.iter() {
            // The first place at or after this file's beginning, counted over all files.
            let first = before.next_multiple_of(step) - before;
            let first = first - first % F::SPLIT_ALIGNMENT;
            before += file.bytes;
            let places = file.bytes.saturating_sub(first).div_ceil(step);
            if places > 0 {
                looked_at.push((file, first, places));
            }
        }
        // What a task looks at again was sent along.
        let is_here = matches!(self.0.view, View::Shipped(_));
        let _fetched = Fetched::places(if is_here { &[] } else { &looked_at }, step);
        for (file, first, places) in looked_at {
            if !F::BEGINS_AT_RECORDS && file.may_be_cut()? {
                let file = Arc::new(file.clone());
                for start in (first..file.bytes).step_by(usize::try_from(look_bytes).unwrap_or(usize::MAX)) {
                    let end = file.bytes.min(start + look_bytes.min(BYTES_A_PLACE));
                    let piece = FilePiece { most_bytes: BYTES_A_PLACE, ..FilePiece::new(&file, start, end) };
                    bytes += self.look::<F>(piece, at_a_time, &mut buffer, places_a_look * per_place, each)?;
                }
            } else {
                let piece = FilePiece { most_bytes: places * BYTES_A_PLACE, ..FilePiece::whole(file) };
                bytes += self.look::<F>(piece, usize::MAX, &mut buffer, places * per_place, each)?;
            }
        }
        Ok(bytes)
    }

    /// Finds for each of these offsets of a file the [first record](InputFormat::beginnings) that begins there or behind it.
    ///
    /// # Errors
    /// Those of reading the file.
    pub(crate) fn beginnings<F: InputFormat>(&self, file: &InputFile, cuts: &[u64]) -> Result<Vec<u64>> {
        let _look = self.begin_look();
        // All of the file is read for it, which only the one who cuts it needs.
        let file = InputFile { watched: Watched::default(), ..file.clone() };
        let (piece, progress) = (Piece::File(FilePiece::whole(&file)), Progress::default());
        let (mut buffer, mut bytes_read, mut found) = (Vec::new(), 0, Vec::new());
        let context = self.aside(&progress);
        let reader = PieceReader { piece: &piece, buffer: &mut buffer, bytes_read: &mut bytes_read, context };
        reader.read_file(|chunks| {
            found = F::beginnings(chunks, cuts)?;
            Ok(())
        })?;
        Ok(found)
    }

    /// Calls `each` for so many records of a piece; returns the bytes that were read.
    fn look<F: InputFormat>(
        &self,
        piece: FilePiece,
        at_a_time: usize,
        buffer: &mut Vec<u8>,
        mut records: u64,
        each: &mut impl FnMut(F::Record<'_>) -> Result<()>,
    ) -> Result<u64> {
        let (progress, piece) = (Progress::default(), Piece::File(piece));
        let mut bytes_read = 0;
        let context = ReadContext { at_a_time, ..self.aside(&progress) };
        let reader = PieceReader { piece: &piece, buffer, bytes_read: &mut bytes_read, context };
        let mut enough = false;
        let outcome = F::read(reader, |record| {
            if records == 0 {
                enough = true;
                return Err(Error::Cancelled);
            }
            records -= 1;
            each(record)
        });
        self.ended(outcome, enough)?;
        Ok(bytes_read)
    }

    /// Begins a look at the input, which ends when the returned guard is dropped.
    fn begin_look(&self) -> Look<'_> {
        Look { looks: &self.0.looks, start: lock(&self.0.looks).begin() }
    }

    /// The looks since this was last called.
    pub(crate) fn take_looks(&self) -> PhaseLog {
        std::mem::take(&mut lock(&self.0.looks))
    }

    /// Bytes of all files that the run has seen, each counted once.
    pub(crate) fn file_bytes(&self) -> u64 {
        let listings = lock(&self.0.listings);
        let files = listings.values().flat_map(|files| files.iter());
        let by_identity: HashMap<_, _> = files.map(|file| ((file.device, file.inode), file.bytes)).collect();
        by_identity.values().sum()
    }

    /// The outcome of reading that ends with [`Error::Cancelled`] when there was `enough`. Whether the run is to stop as well,
    /// its token says.
    fn ended(&self, outcome: Result<()>, enough: bool) -> Result<()> {
        match outcome {
            Err(Error::Cancelled) if enough => self.0.cancel.check(),
            outcome => outcome,
        }
    }

    /// For a look at some records beforehand, which is no progress.
    fn aside<'a>(&'a self, progress: &'a Progress) -> ReadContext<'a> {
        ReadContext { purpose: Purpose::Sampling, progress, ..self.context(None) }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::input::chunks::Record;
    use crate::input::lines::Lines;

    #[test]
    fn a_sample_reads_a_bounded_number_of_bytes_however_long_the_lines_are() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        // The byte before a place says whether a line begins there.
        let most = PLACES * (BYTES_A_PLACE + 1);
        for lines in [1, 3, 1000] {
            fs::write(&path, [vec![b'x'; 3 * most as usize / lines], b"\n".to_vec()].concat().repeat(lines)).unwrap();
            let mut sampled = 0;
            let bytes = Inputs::default().look_around::<Lines>(std::slice::from_ref(&path), 10_000, &mut |line| {
                sampled += 1;
                assert!(line.len() as u64 <= BYTES_A_PLACE);
                Ok(())
            });
            let bytes = bytes.unwrap();
            assert!(bytes <= most, "{bytes} of at most {most} bytes, {lines} lines");
            assert!(sampled >= lines.div_ceil(8), "{sampled} of {lines} lines");
        }
    }

    #[test]
    fn a_sample_of_short_lines_reads_little_more_than_it_uses() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        // Twenty lines of 50 bytes are used of each place.
        for (lines, most) in [(400, 45_000), (20_000, 1_100_000), (300_000, PLACES * (BYTES_AT_A_TIME + 1))] {
            fs::write(&path, format!("{:049}\n", 7).repeat(lines)).unwrap();
            let read = Inputs::default().look_around::<Lines>(std::slice::from_ref(&path), 10_000, &mut |_| Ok(()));
            let bytes = read.unwrap();
            assert!(bytes <= most, "{bytes} of at most {most} bytes, {lines} lines");
        }
    }

    static LOOKS: AtomicU64 = AtomicU64::new(0);

    /// Lines, and the number of times that they were looked for.
    struct Counted;

    impl InputFormat for Counted {
        type Record<'a> = Record<'a>;

        fn read(piece: PieceReader<'_>, each: impl FnMut(Record<'_>) -> Result<()>) -> Result<()> {
            LOOKS.fetch_add(1, Ordering::Relaxed);
            Lines::read(piece, each)
        }
    }

    #[test]
    fn every_record_of_a_small_file_is_sampled_once_with_few_looks() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        for lines in [1, 100, 2000] {
            let all: Vec<String> = (0..lines).map(|i| format!("line {}", i * i)).collect();
            fs::write(&path, all.join("\n")).unwrap();
            let (mut sampled, before) = (Vec::new(), LOOKS.load(Ordering::Relaxed));
            let add = |line: Record<'_>| {
                sampled.push(String::from_utf8_lossy(&line).into_owned());
                Ok(())
            };
            Inputs::default().sample::<Counted>(std::slice::from_ref(&path), 10_000, add).unwrap();
            assert!(sampled == all, "{} of {lines}", sampled.len());
            let (looks, bytes) = (LOOKS.load(Ordering::Relaxed) - before, all.join("\n").len() as u64);
            assert!(looks <= bytes.div_ceil(BYTES_A_LOOK), "{looks} looks at {bytes} bytes");
        }
    }

    #[test]
    fn whoever_stops_a_run_stops_its_looks_at_the_input_too() {
        let dir = tempfile::tempdir().unwrap();
        let paths = [dir.path().join("file")];
        fs::write(&paths[0], "1\n2\n3\n").unwrap();
        let inputs = |cancel: &CancelToken| Inputs::default().of_a_run(cancel, &Arc::default());
        let (cancel, mut seen) = (CancelToken::default(), 0);
        let scan = |stop: bool, seen: &mut u32| {
            inputs(&cancel).scan::<Lines>(&paths, |_| {
                *seen += 1;
                if stop {
                    cancel.cancel();
                }
                Ok(ControlFlow::Break(()))
            })
        };
        scan(false, &mut seen).unwrap();
        assert!(matches!(scan(true, &mut seen), Err(Error::Cancelled)));
        assert_eq!(seen, 2, "both stopped at the first record");
        let (cancel, mut sampled) = (CancelToken::default(), 0);
        let inputs = inputs(&cancel);
        let piece = FilePiece::whole(&inputs.files(&paths).unwrap()[0]);
        let outcome = inputs.look::<Lines>(piece, usize::MAX, &mut Vec::new(), 1, &mut |_| {
            sampled += 1;
            cancel.cancel();
            Ok(())
        });
        assert!(matches!(outcome, Err(Error::Cancelled)) && sampled == 1);
    }

    #[test]
    fn inputs_are_listed_once() {
        let dir = tempfile::tempdir().unwrap();
        let (paths, inputs) = ([dir.path().to_owned()], Inputs::default());
        fs::write(dir.path().join("a"), "12").unwrap();
        assert_eq!(inputs.bytes(&paths).unwrap(), 2);
        fs::write(dir.path().join("b"), "345").unwrap();
        assert_eq!(inputs.bytes(&paths).unwrap(), 2);
        assert_eq!(
            inputs.of_a_run(&CancelToken::default(), &Arc::default()).bytes(&paths).unwrap(),
            5,
            "another run looks anew"
        );
    }
}
