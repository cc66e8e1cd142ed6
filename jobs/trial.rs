//! `--test FILE`: a model is tried on another table of the same columns, and what becomes of it is noted in the report.

use std::path::PathBuf;

use twinmill::prelude::*;
use twinmill::reference::ReferenceRun;

use crate::jobs::sums::{BlockSums, BlockTable, Parsed, Table};
use crate::jobs::table::numbers::ParseRows;

/// The option of models that can be tried.
#[derive(Clone, Debug, clap::Args)]
pub struct TestOption {
    /// A table of the same columns on which the model is tried; how well it does is printed
    #[arg(long = "test", value_name = "FILE")]
    file: Option<PathBuf>,
}

/// Where tables are read.
pub enum Ground<'g> {
    /// By jobs of this name.
    Framework(&'g mut Driver, &'static str),
    Reference(&'g ReferenceRun),
}

impl TestOption {
    /// The file, which is read beside the inputs.
    pub fn side_inputs(&self) -> Vec<PathBuf> {
        self.file.clone().into_iter().collect()
    }

    /// Tries a model, where a file is given. `parse` says how it is read, `features` how many features a table has that is
    /// read so, of which the model needs `learned`; `tried` says in a sentence what becomes of it on the file of this name.
    ///
    /// # Errors
    /// Those of reading it; a table of other columns.
    pub fn run(
        &self,
        ground: Ground<'_>,
        parse: impl FnOnce(&[PathBuf], &Inputs) -> Result<ParseRows>,
        (features, learned): (fn(&ParseRows) -> usize, usize),
        tried: impl FnOnce(&mut dyn Table, &ParseRows, &str) -> Result<String>,
    ) -> Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let (files, name) = (std::slice::from_ref(file), file.display().to_string());
        let seen = match &ground {
            Ground::Framework(driver, _) => driver.inputs().clone(),
            Ground::Reference(run) => run.inputs().clone(),
        };
        let parse = parse(files, &seen)?;
        let found = features(&parse);
        if found != learned {
            return Err(Error::user(format!("--test {name}: it has {found} features; {learned} are needed")));
        }
        seen.note(match ground {
            Ground::Framework(driver, job) => {
                let rows = driver.read_once(files, parse.clone())?;
                tried(&mut BlockTable { name: job, driver, rows: &rows }, &parse, &name)?
            }
            Ground::Reference(run) => tried(&mut Parsed(run.blocks(files, &parse)?), &parse, &name)?,
        });
        Ok(())
    }
}

/// The sums that tell what becomes of a model on a file of this name.
///
/// # Errors
/// Those of reading it; numbers that are too large to add.
pub fn add_up<S: BlockSums>(table: &mut dyn Table, sums: S, file: &str) -> Result<Vec<f64>> {
    let sums = table.add_up(sums)?;
    if sums.iter().all(|sum| sum.is_finite()) {
        return Ok(sums);
    }
    Err(Error::user(format!(
        "--test {file}: its numbers are so large that what is to be added up is beyond every float"
    )))
}
