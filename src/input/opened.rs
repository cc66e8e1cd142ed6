//! A file that is read at any offset, whether it lies on this machine or in a store elsewhere.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::error::Error;
use crate::remote::{Failure, Reader};

/// An open input file.
#[derive(Debug)]
pub(crate) enum Opened {
    /// On this machine.
    Local(File),
    /// In a store.
    Remote(Box<Reader>),
}

impl Opened {
    /// Reads bytes at an offset; none only where the file ends.
    ///
    /// # Errors
    /// Those of reading: in a store, a [`Failure`].
    #[inline]
    pub fn read_at(&self, target: &mut [u8], offset: u64) -> io::Result<usize> {
        match self {
            Opened::Local(file) => file.read_at(target, offset),
            Opened::Remote(reader) => reader.read_at(target, offset),
        }
    }

    /// Fills the target from an offset on.
    ///
    /// # Errors
    /// Those of reading, and the end of the file.
    pub fn read_exact_at(&self, mut target: &mut [u8], mut offset: u64) -> io::Result<()> {
        while !target.is_empty() {
            match self.read_at(target, offset) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => (target, offset) = (&mut target[read..], offset + read as u64),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// The error of reading a file of this name.
pub(crate) fn unreadable(name: &Path, error: io::Error) -> Error {
    match Failure::within(&error) {
        Some(failure) => failure.clone().during("read", name),
        None => Error::io("read", name, error),
    }
}

/// From the cursor of the file on.
impl Read for &Opened {
    #[inline]
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        match self {
            Opened::Local(file) => (&*file).read(target),
            Opened::Remote(reader) => (&**reader).read(target),
        }
    }

    fn read_to_end(&mut self, bytes: &mut Vec<u8>) -> io::Result<usize> {
        match self {
            // Knows how much there is.
            Opened::Local(file) => (&*file).read_to_end(bytes),
            Opened::Remote(reader) => (&**reader).read_to_end(bytes),
        }
    }
}
