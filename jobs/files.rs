//! Numbers for the files of an input, and the file that a line is from.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hashbrown::HashMap;
use twinmill::prelude::*;

/// Tells the number of the file that a line is from. Lines of one file follow one another, so a path is looked up once.
#[derive(Clone, Debug)]
pub struct FileOf {
    numbers: Arc<HashMap<PathBuf, u32>>,
    last: Option<(PathBuf, u32)>,
}

impl FileOf {
    /// Numbers for these files.
    pub fn numbered<'a>(files: impl IntoIterator<Item = (&'a Path, u32)>) -> Self {
        let numbers = files.into_iter().map(|(path, number)| (path.to_owned(), number)).collect();
        FileOf { numbers: Arc::new(numbers), last: None }
    }

    /// Numbers for the files at and below `inputs`, in the order in which they are read.
    ///
    /// # Errors
    /// Those of listing them.
    pub fn in_order(inputs: &[PathBuf], seen: &Inputs) -> Result<Self> {
        let files = seen.files(inputs)?;
        Ok(Self::numbered(files.iter().map(|file| &**file.name()).zip(0..)))
    }

    /// The number of the file that a line is from.
    #[inline]
    pub fn number(&mut self, line: &Record<'_>) -> Result<u32> {
        match &self.last {
            Some((last, number)) if last.as_os_str() == line.path().as_os_str() => Ok(*number),
            _ => self.look_up(line.path()),
        }
    }

    #[cold]
    fn look_up(&mut self, path: &Path) -> Result<u32> {
        let number = self.numbers.get(path).copied();
        let number = number.ok_or_else(|| Error::user(format!("{} is no file of the input", path.display())))?;
        self.last = Some((path.to_owned(), number));
        Ok(number)
    }
}
