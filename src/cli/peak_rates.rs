//! The best rates of this machine, measured once for a file system and a number of threads, and kept in the user's cache.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::cli::default_input::cache_dir;
use crate::cli::pending_file::{PendingFile, write_json};
use crate::cli::terminal::note;
use crate::config::ExistingOutput;
use crate::machine::Machine;
use crate::machine::limits::processors;
use crate::machine::load::LoadMeter;
use crate::machine::peak_rates::PeakRates;
use crate::measure::analysis::roofline::Roofline;
use crate::measure::comparison::Comparison;
use crate::measure::failure::Failure;
use crate::{CancelToken, Error};

/// Adds the best rates of the machine to a comparison, for files in `dir` and as many threads as the runs had workers. Where a
/// phase was faster than rates of an earlier day allow, they are measured again, and the better ones count. Where they cannot
/// be measured, that is noted.
///
/// # Errors
/// [`Error::Cancelled`] where the token is cancelled.
pub fn add_to(comparison: &mut Comparison, dir: &Path, workers: usize, cancel: &CancelToken) -> Result<(), Error> {
    let kept = Kept::here(dir, workers.min(processors()), cancel);
    let Some(earlier) = kept.read() else {
        comparison.peak_rates = kept.measure()?;
        return Ok(());
    };
    comparison.peak_rates = Some(earlier.clone());
    if Roofline::of(comparison).is_some_and(|roofline| roofline.has_errors()) {
        comparison.peak_rates = kept.measure()?.map(|rates| rates.or_better(&earlier)).or(Some(earlier));
    }
    Ok(())
}

/// Rates in a file of the user's cache.
struct Kept<'a> {
    /// Named by the device that the directory is on, and the threads.
    file: PathBuf,
    machine: Machine,
    dir: &'a Path,
    threads: usize,
    cancel: &'a CancelToken,
}

/// The content of the file: the rates, and the machine that they were measured on.
#[derive(Deserialize, Serialize)]
struct Measured {
    machine: Machine,
    peak_rates: PeakRates,
}

impl<'a> Kept<'a> {
    fn here(dir: &'a Path, threads: usize, cancel: &'a CancelToken) -> Self {
        let device = fs::metadata(dir).map_or(0, |metadata| metadata.dev());
        let file = cache_dir().join("peak-rates").join(format!("device-{device}-{threads}-threads.json"));
        Kept { file, machine: Machine::describe(dir), dir, threads, cancel }
    }

    /// The rates of this machine; `None` where it was never measured, or was another one then.
    fn read(&self) -> Option<PeakRates> {
        let measured: Measured = serde_json::from_slice(&fs::read(&self.file).ok()?).ok()?;
        (measured.machine == self.machine).then_some(measured.peak_rates)
    }

    /// Measures the rates. They are kept for the next time, unless other programs used the processors meanwhile.
    fn measure(&self) -> Result<Option<PeakRates>, Error> {
        /// Processors that others may use.
        const MOST_TAKEN: f64 = 0.1;
        let meter = LoadMeter::start();
        match PeakRates::measure(self.dir, self.threads, self.cancel) {
            Ok(rates) => {
                if meter.load().other_processors.is_none_or(|taken| taken < MOST_TAKEN) {
                    self.write(&rates);
                }
                Ok(Some(rates))
            }
            Err(Error::Cancelled) => Err(Error::Cancelled),
            Err(error) => {
                note(format_args!("no comparison with the best of this machine: {error}"));
                Ok(None)
            }
        }
    }

    /// What cannot be kept is measured again the next time.
    fn write(&self, rates: &PeakRates) {
        let write = || -> Result<(), Failure> {
            if let Some(folder) = self.file.parent() {
                fs::create_dir_all(folder).map_err(Failure::at("create", folder))?;
            }
            let file = PendingFile::create(&self.file, ExistingOutput::Overwrite)?;
            let measured = Measured { machine: self.machine.clone(), peak_rates: rates.clone() };
            write_json(&measured, file, &self.file, self.cancel)
        };
        let _ = write();
    }
}
