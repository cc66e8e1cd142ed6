//! A program as partitioner, by madoop's rules: it is given the number of reducers as its argument and the lines of a mapper, and
//! prints for each the number of a reducer, from 0.

use std::collections::VecDeque;

use crate::error::{Error, Excerpt, Result};
use crate::job::{Emit, TaskContext};
use crate::streaming::job::Command;
use crate::streaming::place::Place;
use crate::streaming::records::Form;
use crate::streaming::role::TaskKind;
use crate::streaming::route::Route;
use crate::streaming::worker::Worker;

/// A program at work for a map task.
#[derive(Debug)]
pub struct PartitionCommand {
    worker: Worker,
    /// Records of which it has not said where they go.
    pending: VecDeque<(Vec<u8>, Vec<u8>)>,
    shown: String,
}

impl PartitionCommand {
    /// Starts it.
    ///
    /// # Errors
    /// What keeps it from starting.
    pub fn start(place: &Place, command: &Command, task: &TaskContext) -> Result<Self> {
        let mut command = command.clone();
        command.words.push(task.reducers.to_string().into_bytes());
        let worker = Worker::start(place, TaskKind::Partition, &command, &Form::KeyOnly, task)?;
        Ok(PartitionCommand { worker, pending: VecDeque::new(), shown: command.shown })
    }

    /// Takes a record, and emits those of which the program has said by now where they go.
    ///
    /// # Errors
    /// A failure of the program, and what is no number of a reducer.
    pub fn take(
        &mut self,
        (key, value): (&[u8], &[u8]),
        route: &mut Route,
        out: &mut impl Emit<[u8], [u8]>,
    ) -> Result<()> {
        let PartitionCommand { worker, pending, shown } = self;
        pending.push_back((key.to_vec(), value.to_vec()));
        worker.give_record(&Form::KeyOnly, (key, value), &mut |said: &[u8], _: &[u8]| {
            send(shown, pending, said, route, out)
        })
    }

    /// Ends the program's input, and emits the rest.
    ///
    /// # Errors
    /// As for [`take`](Self::take); records of which it has not said where they go.
    pub fn finish(&mut self, route: &mut Route, out: &mut impl Emit<[u8], [u8]>) -> Result<()> {
        let PartitionCommand { worker, pending, shown } = self;
        worker.finish(&mut |said: &[u8], _: &[u8]| send(shown, pending, said, route, out))?;
        match pending.front() {
            None => Ok(()),
            Some((line, _)) => {
                Err(Error::user(format!("the partitioner `{shown}` printed nothing for the line {}", Excerpt(line))))
            }
        }
    }
}

/// Sends the first of the pending records where the program says.
fn send(
    shown: &str,
    pending: &mut VecDeque<(Vec<u8>, Vec<u8>)>,
    said: &[u8],
    route: &mut Route,
    out: &mut impl Emit<[u8], [u8]>,
) -> Result<()> {
    let Some((key, value)) = pending.pop_front() else {
        return Err(Error::user(format!("the partitioner `{shown}` printed more lines than it read")));
    };
    let number = std::str::from_utf8(said).ok().and_then(|text| text.trim().parse::<i64>().ok());
    let line = Excerpt(&key);
    let number = number.ok_or_else(|| {
        let said = Excerpt(said);
        Error::user(format!("Partition executable returned non-integer value: {said} for line {line} (`{shown}`)"))
    })?;
    let within = u32::try_from(number).ok().filter(|number| *number < route.reducers).ok_or_else(|| {
        let reducers = route.reducers;
        Error::user(format!(
            "Partition executable returned invalid value: 0 <= {number} < {reducers} for line {line} (`{shown}`)"
        ))
    })?;
    route.emit_to(within, &key, &value, out);
    Ok(())
}
