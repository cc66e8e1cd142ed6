//! A job without its types, as the driver sees it.
//!
//! The data path of a job, from a split to a map output and from map outputs to a part, is compiled for its types. All that
//! decides which task runs when, and what follows where one fails, is compiled once for all jobs. The two meet in three calls
//! of [`AnyJob`], one a task:
//!
//! ```text
//! driver, waves, ledger          once
//!   └─ map, map_only, reduce     a call through a table of functions, a few for each task
//!        └─ map_task, reduce_task, all stages    once for each job
//! ```

use crate::error::Result;
use crate::input::split::Split;
use crate::input::{Input, Inputs, PieceReader};
use crate::job::OutputFormat;
use crate::pipeline::collect::MapOutput;
use crate::pipeline::commit::{OutputTarget, TaskOutput};
use crate::pipeline::map::MapSide;
use crate::pipeline::map_task::{map_only_task, map_task};
use crate::pipeline::reduce::ReduceSide;
use crate::pipeline::reduce_task::reduce_task;
use crate::pipeline::runnable::RunnableJob;
use crate::pipeline::task::{Finished, Task};

/// A [`RunnableJob`] whose types only its tasks know.
pub(crate) trait AnyJob: Sync {
    /// Its name.
    fn name(&self) -> &str;

    /// Its inputs.
    fn inputs(&self) -> &[Input];

    /// The number of inputs that its mappers take; `None` for any number.
    fn wanted_inputs(&self) -> Option<usize>;

    /// Reduce tasks, if the job says how many: none for a job of maps only.
    fn reducers(&self) -> Option<u32>;

    /// The format of output files.
    fn output_format(&self) -> OutputFormat;

    /// Files of an input may be cut at multiples of this.
    fn split_alignment(&self, input: usize) -> u64;

    /// Moves the cuts within the files of an input to where records begin, where its format asks for it.
    fn move_cuts(&self, input: usize, splits: &mut Vec<Split>, inputs: &Inputs) -> Result<()>;

    /// Reads what a task reads of a piece of an input, and does nothing with it.
    fn look_through(&self, input: usize, piece: PieceReader<'_>) -> Result<()>;

    /// The name of the mapper's type.
    fn mapper_name(&self) -> &'static str;

    /// Makes an attempt at a map task whose output reducers take.
    fn map(&self, split: &Split, task: Task<'_>) -> Result<Finished<MapOutput>>;

    /// Makes an attempt at a map task whose emitted records are the output.
    fn map_only(&self, split: &Split, target: OutputTarget<'_>, task: Task<'_>) -> Result<Finished<TaskOutput>>;

    /// Makes an attempt at a reduce task.
    fn reduce(
        &self,
        map_outputs: Vec<MapOutput>,
        target: OutputTarget<'_>,
        task: Task<'_>,
    ) -> Result<Finished<TaskOutput>>;
}

impl<J: RunnableJob> AnyJob for J {
    fn name(&self) -> &str {
        RunnableJob::name(self)
    }

    fn inputs(&self) -> &[Input] {
        RunnableJob::inputs(self)
    }

    fn wanted_inputs(&self) -> Option<usize> {
        J::Mapper::INPUTS
    }

    fn reducers(&self) -> Option<u32> {
        if J::Reducer::MAP_ONLY { Some(0) } else { RunnableJob::reducers(self) }
    }

    fn output_format(&self) -> OutputFormat {
        RunnableJob::output_format(self)
    }

    fn split_alignment(&self, input: usize) -> u64 {
        J::Mapper::split_alignment(input)
    }

    fn move_cuts(&self, input: usize, splits: &mut Vec<Split>, inputs: &Inputs) -> Result<()> {
        J::Mapper::move_cuts(input, splits, inputs)
    }

    fn look_through(&self, input: usize, piece: PieceReader<'_>) -> Result<()> {
        J::Mapper::look_through(input, piece)
    }

    fn mapper_name(&self) -> &'static str {
        std::any::type_name::<J::Mapper>()
    }

    fn map(&self, split: &Split, task: Task<'_>) -> Result<Finished<MapOutput>> {
        map_task(self, split, task)
    }

    fn map_only(&self, split: &Split, target: OutputTarget<'_>, task: Task<'_>) -> Result<Finished<TaskOutput>> {
        map_only_task(self, split, target, task)
    }

    fn reduce(
        &self,
        map_outputs: Vec<MapOutput>,
        target: OutputTarget<'_>,
        task: Task<'_>,
    ) -> Result<Finished<TaskOutput>> {
        reduce_task(self, map_outputs, target, task)
    }
}
