//! Stands in for the encoders in a build without the feature `codecs`, where settings that ask for them are invalid.

use std::convert::Infallible;
use std::io::{Error, Result, Write};

use crate::config::{NO_CODECS, OutputCodec};

/// There is none.
pub(crate) struct Encoder<W>(Infallible, std::marker::PhantomData<W>);

impl<W: Write> Encoder<W> {
    /// Refuses to compress.
    pub fn new(_codec: OutputCodec, _to: W) -> Result<Self> {
        Err(Error::other(NO_CODECS))
    }

    /// Ends what was never begun.
    pub fn finish(self) -> Result<W> {
        match self.0 {}
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, _bytes: &[u8]) -> Result<usize> {
        match self.0 {}
    }

    fn flush(&mut self) -> Result<()> {
        match self.0 {}
    }
}
