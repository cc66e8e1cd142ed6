//! Lines as keys, for jobs whose records are whole lines.

use twinmill::prelude::*;

/// Emits each line as a key.
#[derive(Clone, Copy, Debug)]
pub struct LineAsKey;

impl Mapper for LineAsKey {
    type Input = Lines;
    type Key = [u8];
    type Value = ();

    #[inline]
    fn map(&mut self, line: Record<'_>, out: &mut impl Emit<[u8], ()>) -> Result<()> {
        out.emit(line.bytes(), ());
        Ok(())
    }
}
