//! A driver whose tasks run apart.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::input::split::{Piece, Split};
use crate::input::{Input, PieceReader};
use crate::observe::counters::UserCounters;
use crate::observe::phases::PhaseLog;
use crate::observe::report::ExtraWork;
use crate::pipeline::any_job::AnyJob;
use crate::pipeline::commit::{OutputTarget, TaskOutput};
use crate::pipeline::task::Counts;
use crate::runtime::apart::engine::{Leaves, SplitSource, Stage, StageResult, StageSplit};
use crate::runtime::apart::pack::{self, Head, PackedPiece};
use crate::runtime::apart::plan::{FileNumbers, Planned, read_ranges};
use crate::runtime::apart::stages::{Coordination, DoneOutput, StageDone};
use crate::runtime::apart::summary::TaskSummary;
use crate::runtime::driver::Driver;
use crate::store::wire::DepotRun;
use crate::store::{InDepot, Segment};

impl Driver {
    /// Runs a job's tasks apart; returns the output of each task, in task order.
    pub(in crate::runtime) fn run_apart(
        &mut self,
        of: &Arc<Coordination>,
        job: &dyn AnyJob,
        reducers: u32,
        splits: &[Split],
        target: OutputTarget<'_>,
    ) -> Result<Vec<TaskOutput>> {
        let (plan, numbers) = self.plan_of_tasks(of, job, reducers, splits)?;
        let sources: Vec<StageSplit> =
            (0..).zip(splits).map(|(number, split)| source(job, number, split, &numbers)).collect();
        let is_read = |place: &InDepot| sources.iter().any(|split| split.source == SplitSource::InDepot(*place));
        let opened = of.opened();
        let side = of.side().into_iter().filter(|place| !is_read(place) && !opened.contains(place)).collect();
        let pack = |number: u32, out: &mut dyn Write| {
            self.pack_split(job, of, &splits[number as usize], number, &numbers, out)
        };
        let stage = Stage {
            job: self.jobs,
            program: &self.name,
            name: job.name(),
            reducers,
            leaves: if matches!(target, OutputTarget::Dataset { .. }) { Leaves::Dataset } else { Leaves::Parts },
            splits: sources,
            plan: &plan,
            side,
            pack: &pack,
            cancel: &self.cancel,
            progress: &self.progress,
            epoch: self.time.epoch(),
        };
        let result = of.engine.run(&stage)?;
        self.take_result(of, reducers, splits.len(), result, target)
    }

    /// Takes over what the tasks have left.
    fn take_result(
        &mut self,
        of: &Arc<Coordination>,
        reducers: u32,
        maps: usize,
        result: StageResult,
        target: OutputTarget<'_>,
    ) -> Result<Vec<TaskOutput>> {
        let mut waves = Vec::new();
        if reducers > 0 {
            waves.push(result.maps.iter().map(|summary| self.count(summary)).collect());
            self.totals.counters.merged_map_outputs += maps as u64 * u64::from(reducers);
        }
        waves.push(result.outputs.iter().map(|(summary, _)| self.count(summary)).collect());
        self.log.tasks.extend(result.tasks);
        let (mut outputs, mut partitions, mut parts) = (Vec::new(), Vec::new(), Vec::new());
        for (number, (summary, file)) in (0..).zip(result.outputs) {
            match (target, summary.dataset, summary.part, file) {
                (OutputTarget::Dataset { .. }, Some(index), ..) => {
                    let place = InDepot { job: self.jobs, partition: number };
                    outputs.push(TaskOutput::Dataset(Arc::new(DepotRun::new(place, index, of.clone()))));
                    partitions.push(index);
                }
                (OutputTarget::Files { dir, .. }, _, Some((records, bytes)), Some(file)) => {
                    let part = dir.part_path(if reducers == 0 { 'm' } else { 'r' }, number);
                    bring(&file, &part)?;
                    outputs.push(TaskOutput::Part { records, bytes });
                    parts.push((records, bytes));
                }
                _ => return Err(Error::user(format!("task {number} has left nothing that belongs to this job"))),
            }
        }
        of.add(StageDone {
            job: self.jobs,
            output: match target {
                OutputTarget::Dataset { .. } => DoneOutput::Dataset(partitions),
                OutputTarget::Files { .. } => DoneOutput::Parts(parts),
            },
            waves: waves.iter().map(|wave: &Vec<UserCounters>| wave.iter().map(UserCounters::save).collect()).collect(),
        });
        self.job_counts = waves;
        Ok(outputs)
    }

    /// Adds the counts of a task to those of the run.
    fn count(&mut self, summary: &TaskSummary) -> UserCounters {
        self.totals.add(Counts {
            counters: summary.counters.clone(),
            user_counters: UserCounters::restore(&summary.user),
            phases: PhaseLog::default(),
            extra_work: ExtraWork::default(),
        })
    }

    /// Notes the partitions of an invariant input, which tasks may read beside their own.
    pub(in crate::runtime) fn note_invariant(&self, of: &Coordination, input: &Input) {
        if let Input::Segments(segments) = input {
            of.may_be_read(segments.iter().filter_map(|segment| segment.run.in_depot()));
        }
    }

    fn plan_of_tasks(
        &self,
        of: &Coordination,
        job: &dyn AnyJob,
        reducers: u32,
        splits: &[Split],
    ) -> Result<(Vec<u8>, FileNumbers)> {
        let count = |input: usize| splits.iter().filter(|split| split.input < input).count() as u32;
        let dataset = |place: InDepot| {
            let (mut input, name) = of.engine.open(place)?;
            let mut bytes = Vec::new();
            input.read_to_end(&mut bytes).map_err(Error::at("read", &name))?;
            Ok((place, bytes))
        };
        let datasets: Result<Vec<_>> = of.opened().into_iter().map(dataset).collect();
        Planned {
            job: self.jobs,
            reducers,
            config: &self.config,
            words: &of.words,
            inputs: &of.inputs,
            listings: self.inputs.listings(),
            looked_at: of.watch.looked_at(),
            remembered: self.inputs.all_remembered(),
            done: of.done(),
            first_splits: (0..job.inputs().len()).map(count).collect(),
            datasets: datasets?,
        }
        .encode()
    }

    /// Writes the pack of a split: its pieces, and the bytes of those that lie on this machine.
    fn pack_split(
        &self,
        job: &dyn AnyJob,
        of: &Coordination,
        split: &Split,
        number: u32,
        numbers: &FileNumbers,
        out: &mut dyn Write,
    ) -> Result<()> {
        let Some(pieces) = packed(split, numbers) else { return pack::write_head(out, &Head::Own { split: number }) };
        of.watch.take_read();
        let (mut buffer, mut bytes_read) = (Vec::new(), 0);
        // A task reads by itself what lies in a store.
        let is_in_store = |piece: &&Piece| piece.file().is_some_and(|file| file.remote.is_some());
        for piece in split.pieces.iter().filter(|piece| !is_in_store(piece)) {
            let context = self.inputs.context(None);
            let reader = PieceReader { piece, buffer: &mut buffer, bytes_read: &mut bytes_read, context };
            job.look_through(split.input, reader)?;
        }
        pack::write_head(out, &Head::Split { split: number, input: split.input, pieces })?;
        for (path, ranges) in of.watch.take_read() {
            let ranges: Vec<_> = ranges.iter().collect();
            let known = numbers.of(&path).zip(numbers.file(&path));
            let (number, file) = known.ok_or_else(|| Error::Config(format!("{} is no input", path.display())))?;
            read_ranges(file, &ranges, |offset, bytes| pack::write_range(out, number, offset, bytes))?;
        }
        Ok(())
    }
}

/// The pieces of a split of files; `None` where its data are the program's own.
fn packed(split: &Split, numbers: &FileNumbers) -> Option<Vec<PackedPiece>> {
    let piece = |piece: &Piece| match piece {
        Piece::File(piece) => {
            let file = numbers.of(&piece.file.path)?;
            Some(PackedPiece::File { file, start: piece.start, end: piece.end, cut: piece.cut })
        }
        Piece::Invariant(piece) if piece.source.segment(piece.part).is_none() => Some(PackedPiece::Part(piece.part)),
        Piece::Invariant(_) | Piece::Partition(_) => None,
    };
    split.pieces.iter().map(piece).collect()
}

/// Where a split comes from.
fn source(job: &dyn AnyJob, number: u32, split: &Split, numbers: &FileNumbers) -> StageSplit {
    let bytes = split.bytes();
    let segment = |piece: &Piece| match piece {
        Piece::Partition(segment) => Some(segment.clone()),
        Piece::Invariant(piece) => piece.source.segment(piece.part).cloned(),
        Piece::File(_) => None,
    };
    let in_depot = split.pieces.first().and_then(segment).and_then(|segment: Segment| segment.run.in_depot());
    if let Some(place) = in_depot {
        return StageSplit { source: SplitSource::InDepot(place), bytes };
    }
    // What is read of a piece depends on how its records are found.
    let reader = match split.pieces.first() {
        Some(Piece::Invariant(piece)) => format!("{:p}", Arc::as_ptr(&piece.source)),
        _ => job.mapper_name().to_owned(),
    };
    let is_sent = |piece: &Piece| matches!(piece, Piece::Invariant(piece) if piece.source.is_sent());
    let is_parsed = !split.pieces.is_empty() && split.pieces.iter().all(is_sent);
    let pieces = packed(split, numbers);
    let key = format!("{number} {} {reader} {pieces:?}", split.input);
    StageSplit { source: SplitSource::Pack { key, is_parsed }, bytes }
}

/// Moves a part to its place, from another file system if need be.
fn bring(from: &Path, to: &Path) -> Result<()> {
    if std::fs::rename(from, to).is_err() {
        std::fs::copy(from, to).map_err(Error::at("write", to))?;
        std::fs::remove_file(from).map_err(Error::at("remove", from))?;
    }
    Ok(())
}
