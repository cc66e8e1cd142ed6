//! Stands in for the decoders in a build without the feature `codecs`: compressed files are errors.

use std::io::{Error, Read, Result};
use std::sync::Arc;

use crate::config::NO_CODECS;
use crate::input::form::Codec;
use crate::input::opened::Opened;
use crate::observe::purpose::FileUse;

/// The decompressed bytes of a file.
pub(crate) trait Decode: Read {
    /// Whether meaningless bytes follow the last member.
    fn ignored_bytes(&self) -> bool;
}

impl Codec {
    /// Refuses to decompress.
    pub fn reader(self, _file: Arc<Opened>, _file_use: FileUse) -> Result<Box<dyn Decode>> {
        Err(Error::other(NO_CODECS))
    }
}
