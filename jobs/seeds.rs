//! Points to start clusters from.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use twinmill::prelude::*;

use crate::jobs::table::numbers::{Layout, ParseRows};

/// The points of a file that has them one a line and nothing else: so many, with the features of the table.
///
/// # Errors
/// Those of reading it; another number of points or of features.
pub fn read(path: &Path, wanted: usize, table: &ParseRows, seen: &Inputs) -> Result<Vec<Vec<f64>>> {
    let (paths, mut points) = ([path.to_owned()], Vec::new());
    let own = ParseRows::new(Layout::default(), &paths, seen)?;
    seen.scan::<Lines>(&paths, |line| {
        points.extend(own.features_of(line)?);
        Ok(ControlFlow::Continue(()))
    })?;
    if points.len() != wanted || own.features() != table.features() {
        let (found, features, path) = (points.len(), own.features(), path.display());
        return Err(Error::user(format!(
            "{path} has {found} centroids of {features} features; {wanted} of {} are needed",
            table.features()
        )));
    }
    Ok(points)
}

/// The first distinct points of a table, so many.
///
/// # Errors
/// Those of reading it; a table that has fewer.
pub fn first_distinct(wanted: usize, parse: &ParseRows, inputs: &[PathBuf], seen: &Inputs) -> Result<Vec<Vec<f64>>> {
    let mut points: Vec<Vec<f64>> = Vec::new();
    seen.scan::<Lines>(inputs, |line| {
        // The mapper refuses a line that is no row, or skips it; here it is passed over.
        let point = parse.features_of(line).ok().flatten();
        points.extend(point.filter(|point| !points.contains(point)));
        Ok(if points.len() == wanted { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    if points.len() < wanted {
        let found = points.len();
        // The error about a line that is no row says more about what is wrong.
        seen.scan::<Lines>(inputs, |line| parse.features_of(line).map(|_| ControlFlow::Continue(())))?;
        return Err(Error::user(format!("--k {wanted}: the input has only {found} distinct points")));
    }
    Ok(points)
}
