//! Jobs whose tasks read the files of a store by themselves.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::fs;
use std::io::{self, Cursor, Read, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use object_store::memory::InMemory;
use object_store::path::Path as Key;
use object_store::{ObjectStoreExt, PutPayload};

use crate::cancel::CancelToken;
use crate::config::{JobConfig, Mode};
use crate::error::{Error, Result};
use crate::input::watch::Watch;
use crate::input::{Inputs, Lines, Record, View};
use crate::iterate::invariant::{Block, BlockCodec, Blocks, Parse};
use crate::job::Emit;
use crate::observe::activity::lock;
use crate::observe::report::Report;
use crate::parts::{Out, Sum, Words, mapper_of};
use crate::record::{ToValue, Value};
use crate::remote::{Objects, put_in_place};
use crate::runtime::apart::engine::{Engine, Leaves, SplitSource, Stage, StageResult};
use crate::runtime::apart::one_task::{MapInput, OneTask, OutputForm, ShuffleForm, Side};
use crate::runtime::apart::pack::{Head, Pack};
use crate::runtime::apart::plan::{Brought, TaskPlan};
use crate::runtime::apart::role::Role;
use crate::runtime::apart::stages::Coordination;
use crate::runtime::apart::summary::TaskSummary;
use crate::runtime::driver::Driver;
use crate::runtime::job::Job;
use crate::runtime::session::Session;
use crate::store::InDepot;
use crate::store::wire::Depot;

/// A program, which a coordinator runs and each of its tasks repeats.
type Program = fn(&[PathBuf], Session) -> Result<Report>;

const FORM: ShuffleForm = ShuffleForm { token: false, blocks: true, output: OutputForm::Pack };

/// An engine that runs tasks one after another, in threads of this process.
struct InTurn {
    dir: tempfile::TempDir,
    program: Program,
    /// Happens between the plan of a stage and its tasks.
    meanwhile: Box<dyn Fn() + Send + Sync>,
    packs: Mutex<Vec<Vec<u8>>>,
    plans: Mutex<Vec<Vec<u8>>>,
    /// The parsed splits of loops by their keys; `None` where each job parses them.
    parsed: Option<Mutex<HashMap<String, Vec<u8>>>>,
}

impl fmt::Debug for InTurn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InTurn")
    }
}

/// The standard output of tasks.
#[derive(Clone, Default)]
struct Pipe(Arc<Mutex<Vec<u8>>>);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        lock(&self.0).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl InTurn {
    fn map(&self, plan: &Path, pack: Vec<u8>, output: Pipe) -> Result<TaskSummary> {
        self.with_split(plan, pack, |from| Side::Map { from, to: FORM, output: Box::new(output) })
    }

    /// The pack of a split after it was parsed, which happens once.
    fn parse(&self, plan: &Path, key: &str, pack: Vec<u8>) -> Result<Vec<u8>> {
        let Some(parsed) = &self.parsed else { return Ok(pack) };
        let mut parsed = lock(parsed);
        if !parsed.contains_key(key) {
            let output = Pipe::default();
            self.with_split(plan, pack, |from| Side::Parse { from, output: Box::new(output.clone()) })?;
            parsed.insert(key.to_owned(), std::mem::take(&mut lock(&output.0)));
        }
        Ok(parsed[key].clone())
    }

    /// Runs a task that reads a pack.
    fn with_split(&self, plan: &Path, pack: Vec<u8>, side: impl FnOnce(MapInput) -> Side) -> Result<TaskSummary> {
        let scratch = tempfile::tempdir_in(self.dir.path()).unwrap();
        let (head, pack) = Pack::open(Cursor::new(pack))?;
        let bring = |fill: &dyn Fn(&BTreeMap<_, _>) -> Result<()>| {
            TaskPlan::open(plan)?.bring(scratch.path(), &CancelToken::default(), fill)
        };
        match head {
            Head::Split { split, input, pieces } => {
                let pack = Mutex::new(Some(pack));
                let fill = |replicas: &BTreeMap<_, _>| lock(&pack).take().unwrap().fill(replicas);
                self.repeat(bring(&fill)?, split, side(MapInput::Pieces { input, pieces }))
            }
            Head::Parsed { split, input, parts } => {
                let sent = Arc::new(pack.into_blocks());
                self.repeat(bring(&|_| Ok(()))?, split, side(MapInput::Parsed { input, parts, sent }))
            }
            Head::Own { .. } | Head::Output(_) => panic!("it is no split of files: {head:?}"),
        }
    }

    fn reduce(&self, plan: &Path, number: u32, shuffled: Vec<u8>, output: Pipe) -> Result<TaskSummary> {
        let scratch = tempfile::tempdir_in(self.dir.path()).unwrap();
        let brought = TaskPlan::open(plan)?.bring(scratch.path(), &CancelToken::default(), |_| Ok(()))?;
        let (input, output) = (Box::new(Cursor::new(shuffled)), Box::new(output));
        self.repeat(brought, number, Side::Reduce { from: FORM, input, output, form: OutputForm::Pack })
    }

    /// Repeats the program up to a task.
    fn repeat(&self, brought: Brought, number: u32, side: Side) -> Result<TaskSummary> {
        let mut session = Session::new(config(self.dir.path()));
        brought.settings.give(&mut session.config);
        session.inputs = Inputs::default().seen_as(View::Shipped(brought.shipped.clone()));
        let inputs = brought.inputs.clone();
        let one = Arc::new(OneTask::of_plan(brought, number, 128 << 20, None, side));
        session.role = Role::Task(one.clone());
        let run = || (self.program)(&inputs, session);
        let outcome = thread::scope(|scope| scope.spawn(run).join().unwrap());
        one.summary().ok_or_else(|| outcome.expect_err("a program ends at its task"))
    }
}

impl Engine for InTurn {
    fn run(&self, stage: &Stage<'_>) -> Result<StageResult> {
        let (plan, shuffled) = (self.dir.path().join(format!("plan-{}", stage.job)), Pipe::default());
        fs::write(&plan, stage.plan).unwrap();
        lock(&self.plans).push(stage.plan.to_vec());
        (self.meanwhile)();
        let mut result = StageResult::default();
        for number in 0..stage.splits.len() as u32 {
            let mut pack = Vec::new();
            (stage.pack)(number, &mut pack)?;
            lock(&self.packs).push(pack.clone());
            if let SplitSource::Pack { key, is_parsed: true } = &stage.splits[number as usize].source {
                pack = self.parse(&plan, key, pack)?;
            }
            result.maps.push(self.map(&plan, pack, shuffled.clone())?);
        }
        for number in 0..stage.reducers {
            let output = Pipe::default();
            let summary = self.reduce(&plan, number, lock(&shuffled.0).clone(), output.clone())?;
            let part = self.dir.path().join(format!("part-{}-{number}", stage.job));
            let (_, mut pack) = Pack::open(Cursor::new(lock(&output.0).clone()))?;
            let mut bytes = Vec::new();
            pack.read_to_end(&mut bytes).unwrap();
            fs::write(&part, bytes).unwrap();
            result.outputs.push((summary, (stage.leaves == Leaves::Parts).then_some(part)));
        }
        Ok(result)
    }

    fn tell(&self, _report: &mut Report) {}
}

impl Depot for InTurn {
    fn open(&self, place: InDepot) -> Result<(Box<dyn Read + Send>, PathBuf)> {
        Err(Error::user(format!("no program reads {place:?} back")))
    }
}

fn config(dir: &Path) -> JobConfig {
    JobConfig::new(Mode::Memory).work_dir(dir.join("work")).reducers(2).workers(2)
}

/// Files in a store, and the same in a directory.
struct Both {
    dir: tempfile::TempDir,
    store: Arc<InMemory>,
    address: String,
}

impl Both {
    fn new(name: &str) -> Self {
        let (store, address) = (Arc::new(InMemory::new()), format!("mem://apart-{name}"));
        put_in_place(&address, Arc::new(Objects::new(store.clone(), false)));
        Both { dir: tempfile::tempdir().unwrap(), store, address }
    }

    fn here(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn there(&self, name: &str) -> PathBuf {
        format!("{}/{name}", self.address).into()
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        fs::create_dir_all(self.here(name).parent().unwrap()).unwrap();
        fs::write(self.here(name), bytes).unwrap();
        put(&self.store, name, bytes);
    }

    /// The parts of a run whose tasks are here.
    fn alone(&self, program: Program, inputs: &[PathBuf], split_bytes: u64) -> Vec<Vec<u8>> {
        let output = self.here("alone");
        program(inputs, Session::new(config(self.dir.path()).split_bytes(split_bytes).output(&output))).unwrap();
        parts(&output)
    }

    /// The parts of a run whose tasks are apart, and the engine.
    fn apart(
        &self,
        program: Program,
        inputs: &[PathBuf],
        split_bytes: u64,
        meanwhile: impl Fn() + Send + Sync + 'static,
    ) -> (Result<Vec<Vec<u8>>>, Arc<InTurn>) {
        let (packs, plans) = Default::default();
        let (dir, meanwhile) = (tempfile::tempdir().unwrap(), Box::new(meanwhile));
        self.on(InTurn { dir, program, meanwhile, packs, plans, parsed: None }, inputs, split_bytes)
    }

    /// The parts of a run on this engine, and the engine.
    fn on(&self, engine: InTurn, inputs: &[PathBuf], split_bytes: u64) -> (Result<Vec<Vec<u8>>>, Arc<InTurn>) {
        let (program, engine) = (engine.program, Arc::new(engine));
        let (output, watch) = (self.here("apart"), Arc::new(Watch::default()));
        let mut session = Session::new(config(self.dir.path()).split_bytes(split_bytes).output(&output));
        session.inputs = Inputs::default().seen_as(View::Watched(watch.clone()));
        let of = Coordination::new(engine.clone(), Vec::new(), inputs.to_vec(), watch);
        session.role = Role::Coordinator(Arc::new(of));
        (program(inputs, session).map(|_| parts(&output)), engine)
    }
}

fn put(store: &InMemory, name: &str, bytes: &[u8]) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(store.put(&Key::from(name), PutPayload::from(bytes.to_vec()))).unwrap();
}

fn parts(output: &Path) -> Vec<Vec<u8>> {
    (0..2).map(|part| fs::read(output.join(format!("part-r-0000{part}"))).unwrap()).collect()
}

fn text(count: u64) -> Vec<u8> {
    (0..count).flat_map(|number| format!("line {} of it\n", number * number % 7919).into_bytes()).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn has(bytes: &[u8], words: &str) -> bool {
    memchr::memmem::find(bytes, words.as_bytes()).is_some()
}

/// Counts words.
fn counted(inputs: &[PathBuf], session: Session) -> Result<Report> {
    Job::new("counted", Words, Sum).combine(Sum).input(inputs).run(session)
}

#[derive(Default)]
struct Lengths(Vec<u64>);

impl Block for Lengths {
    fn records(&self) -> u64 {
        self.0.len() as u64
    }

    fn heap_bytes(&self) -> usize {
        self.0.capacity() * size_of::<u64>()
    }

    fn codec() -> Option<BlockCodec<Self>> {
        Some(BlockCodec {
            encode: |lengths, out| ToValue::<Vec<u64>>::encode(&lengths.0, out),
            decode: |bytes| Ok(Lengths(Value::decode_owned(bytes)?)),
        })
    }
}

struct ParseLengths;

impl Parse for ParseLengths {
    type Input = Lines;
    type Block = Lengths;

    fn parse(&self, line: Record<'_>, block: &mut Lengths) -> Result<()> {
        block.0.push(line.len() as u64);
        Ok(())
    }
}

/// Counts lines by their lengths, but for those that are as long as the first one. Two jobs read the input.
fn looked_and_looped(inputs: &[PathBuf], session: Session) -> Result<Report> {
    let mut driver = Driver::start("looped", session)?;
    let mut first = 0;
    driver.inputs().scan::<Lines>(inputs, |line| {
        first = line.len() as u64;
        Ok(ControlFlow::Break(()))
    })?;
    let lines = driver.invariant(inputs, ParseLengths)?;
    let count = mapper_of(Blocks::<ParseLengths>::new(), move |lengths, out: &mut Out<u64, u64>| {
        lengths.0.iter().filter(|length| **length != first).for_each(|length| out.emit(*length, 1));
        Ok(())
    });
    driver.run_to_dataset(&Job::new("first", count.clone(), Sum).input(&lines))?;
    driver.run(&Job::new("last", count, Sum).input(&lines))?;
    driver.finish()
}

#[test]
fn tasks_read_the_files_of_a_store_and_leave_the_parts_of_a_run_here() {
    let both = Both::new("read");
    both.put("in/a.txt", &text(20_000));
    both.put("in/b/c.gz", &gzip(&text(9000)));
    both.put("in/d", b"\xef\xbb\xbfno end of line");
    both.put("in/e", b"");
    for split_bytes in [20_011, 1 << 20] {
        let (apart, engine) = both.apart(counted, &[both.there("in")], split_bytes, || {});
        assert!(apart.unwrap() == both.alone(counted, &[both.here("in")], split_bytes), "{split_bytes}");
        let packs = lock(&engine.packs);
        assert!(packs.len() > usize::from(split_bytes < 1 << 20) * 10);
        assert!(packs.iter().all(|pack| pack.len() < 1000 && !has(pack, "line")), "a pack has bytes of the input");
        assert!(lock(&engine.plans)[0].len() < 10_000);
        fs::remove_dir_all(both.here("alone")).unwrap();
        fs::remove_dir_all(both.here("apart")).unwrap();
    }
}

#[test]
fn a_split_of_files_here_and_in_a_store_brings_the_bytes_of_those_here() {
    let both = Both::new("mixed");
    both.put("there", b"there and there\n");
    both.put("here", b"here and here\n");
    let inputs = [both.here("here"), both.there("there")];
    let (apart, engine) = both.apart(counted, &inputs, 1 << 20, || {});
    assert!(apart.unwrap() == both.alone(counted, &[both.here("here"), both.here("there")], 1 << 20));
    let packs = lock(&engine.packs);
    assert_eq!(packs.len(), 1);
    assert!(has(&packs[0], "here and here") && !has(&packs[0], "there and there"));
}

#[test]
fn what_a_program_looked_at_comes_with_the_plan_and_what_a_loop_reads_comes_from_the_store() {
    let both = Both::new("looped");
    both.put("in/a", &[b"a first line of its own length\n", &text(200_000)[..]].concat());
    both.put("in/b", &text(400));
    let (apart, engine) = both.apart(looked_and_looped, &[both.there("in")], 1 << 18, || {});
    assert!(apart.unwrap() == both.alone(looked_and_looped, &[both.here("in")], 1 << 18));
    let (packs, plans) = (lock(&engine.packs), lock(&engine.plans));
    assert!(packs.len() > 10 && packs.iter().all(|pack| !has(pack, "line")));
    assert!(plans.iter().all(|plan| has(plan, "a first line of its own length") && plan.len() < 1 << 20));
}

#[test]
fn what_a_loop_reads_is_parsed_once() {
    let both = Both::new("parsed");
    both.put("in/a", &[b"a first line of its own length\n", &text(200_000)[..]].concat());
    both.put("in/b", &text(400));
    both.put("in/c", b"");
    for split_bytes in [1 << 18, 1 << 20] {
        let (store, jobs) = (both.store.clone(), AtomicU32::new(0));
        // Its second job finds nothing in the store.
        let empty = move || {
            if jobs.fetch_add(1, Ordering::Relaxed) == 1 {
                ["in/a", "in/b"].iter().for_each(|name| put(&store, name, b""));
            }
        };
        let engine = InTurn {
            dir: tempfile::tempdir().unwrap(),
            program: looked_and_looped,
            meanwhile: Box::new(empty),
            packs: Mutex::default(),
            plans: Mutex::default(),
            parsed: Some(Mutex::default()),
        };
        let alone = both.alone(looked_and_looped, &[both.here("in")], split_bytes);
        let (apart, engine) = both.on(engine, &[both.there("in")], split_bytes);
        assert!(apart.unwrap() == alone, "{split_bytes}");
        assert_eq!(2 * lock(engine.parsed.as_ref().unwrap()).len(), lock(&engine.packs).len());
        for name in ["in/a", "in/b"] {
            both.put(name, &fs::read(both.here(name)).unwrap());
        }
        ["alone", "apart"].iter().for_each(|output| fs::remove_dir_all(both.here(output)).unwrap());
    }
}

#[test]
fn a_file_of_a_store_that_changes_after_the_plan_is_an_error_of_the_task() {
    let both = Both::new("changes");
    both.put("in/a", &text(2000));
    let store = both.store.clone();
    let (apart, _) = both.apart(counted, &[both.there("in")], 1 << 20, move || put(&store, "in/a", &text(1999)));
    let error = apart.unwrap_err();
    let Error::Task { task, source, .. } = &error else { panic!("{error}") };
    assert!(task == "map-00000" && matches!(**source, Error::InputChanged { .. }), "{error}");
    assert!(error.to_string().contains("mem://apart-changes/in/a changed"), "{error}");
}
