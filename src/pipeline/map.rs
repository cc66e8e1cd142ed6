//! Runs the user's mapper over the records of a split.

use crate::error::{Error, Result};
use crate::input::cuts::move_cuts;
use crate::input::split::Split;
use crate::input::{InputFormat, Inputs, PieceReader, ReadContext, read_split};
use crate::job::{Mapper, TaskContext};
use crate::observe::activity::{Activity, Doing};
use crate::pipeline::emit::{Accept, Emitter};
use crate::record::{Key, Value};

/// The map side of a job: a [`Mapper`], to which all inputs go, or a tuple of mappers, one an input.
pub trait MapSide: Clone + Send + Sync {
    /// Type of the emitted keys.
    type Key: Key + ?Sized;
    /// Type of the emitted values.
    type Value: Value + ?Sized;

    /// Number of inputs that the mappers take; `None` for any number.
    const INPUTS: Option<usize>;

    /// Files of an input may be cut at multiples of this.
    #[doc(hidden)]
    fn split_alignment(input: usize) -> u64;

    /// Moves the cuts within the files of an input to where records begin, where its format asks for it.
    #[doc(hidden)]
    fn move_cuts(input: usize, splits: &mut Vec<Split>, inputs: &Inputs) -> Result<()>;

    /// Reads what a task reads of a piece of an input, and does nothing with it.
    #[doc(hidden)]
    fn look_through(input: usize, piece: PieceReader<'_>) -> Result<()>;

    /// Maps all records of a split; returns the numbers of records and bytes read.
    #[doc(hidden)]
    fn run<S: Accept<Self::Key, Self::Value>>(
        &mut self,
        split: &Split,
        task: &TaskContext,
        context: ReadContext<'_>,
        out: &mut Emitter<S>,
    ) -> Result<(u64, u64)>;
}

impl<M: Mapper> MapSide for M {
    type Key = M::Key;
    type Value = M::Value;

    const INPUTS: Option<usize> = None;

    fn split_alignment(_input: usize) -> u64 {
        M::Input::SPLIT_ALIGNMENT
    }

    fn move_cuts(_input: usize, splits: &mut Vec<Split>, inputs: &Inputs) -> Result<()> {
        move_cuts::<M::Input>(splits, inputs)
    }

    fn look_through(_input: usize, piece: PieceReader<'_>) -> Result<()> {
        M::Input::look_through(piece)
    }

    fn run<S: Accept<M::Key, M::Value>>(
        &mut self,
        split: &Split,
        task: &TaskContext,
        context: ReadContext<'_>,
        out: &mut Emitter<S>,
    ) -> Result<(u64, u64)> {
        let doing = Doing::here();
        let _outside = doing.enter(Activity::User);
        self.setup(task)?;
        let mut records = 0;
        doing.set(Activity::Parse);
        let bytes = read_split::<M::Input>(split, context, |record| {
            records += M::Input::records(&record);
            doing.set(Activity::User);
            self.map(record, out)?;
            doing.set(Activity::Parse);
            out.check()
        })?;
        doing.set(Activity::User);
        self.finish(out)?;
        out.check()?;
        Ok((records, bytes))
    }
}

macro_rules! mappers {
    ($count:literal: $first:ident 0 $(, $mapper:ident $at:tt)+) => {
        impl<$first: Mapper $(, $mapper: Mapper<Key = $first::Key, Value = $first::Value>)+> MapSide
            for ($first $(, $mapper)+)
        {
            type Key = $first::Key;
            type Value = $first::Value;

            const INPUTS: Option<usize> = Some($count);

            fn split_alignment(input: usize) -> u64 {
                match input {
                    $($at => $mapper::split_alignment(input),)+
                    _ => $first::split_alignment(input),
                }
            }

            fn move_cuts(input: usize, splits: &mut Vec<Split>, inputs: &Inputs) -> Result<()> {
                match input {
                    $($at => $mapper::move_cuts(input, splits, inputs),)+
                    _ => $first::move_cuts(input, splits, inputs),
                }
            }

            fn look_through(input: usize, piece: PieceReader<'_>) -> Result<()> {
                match input {
                    $($at => $mapper::look_through(input, piece),)+
                    _ => $first::look_through(input, piece),
                }
            }

            fn run<S: Accept<Self::Key, Self::Value>>(
                &mut self,
                split: &Split,
                task: &TaskContext,
                context: ReadContext<'_>,
                out: &mut Emitter<S>,
            ) -> Result<(u64, u64)> {
                match split.input {
                    0 => self.0.run(split, task, context, out),
                    $($at => self.$at.run(split, task, context, out),)+
                    other => Err(Error::Config(format!("there is no mapper for input {other}"))),
                }
            }
        }
    };
}
mappers!(2: A 0, B 1);
mappers!(3: A 0, B 1, C 2);
mappers!(4: A 0, B 1, C 2, D 3);
