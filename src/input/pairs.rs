//! Keys and values of another job's output.

use std::marker::PhantomData;

use crate::error::{Error, Result};
use crate::input::chunks::PieceReader;
use crate::input::format::InputFormat;
use crate::input::split::Piece;
use crate::record::{Key, Value};
use crate::store::RunCursor;

/// Keys and values as another job emitted them: the records of a [dataset](crate::Dataset).
#[derive(Clone, Copy, Debug)]
pub struct Pairs<K: ?Sized, V: ?Sized>(PhantomData<fn(&K, &V)>);

impl<K: ?Sized, V: ?Sized> Pairs<K, V> {
    /// The format as a value, for [`mapper_of`](crate::parts::mapper_of).
    pub fn new() -> Self {
        Pairs(PhantomData)
    }
}

impl<K: ?Sized, V: ?Sized> Default for Pairs<K, V> {
    fn default() -> Self {
        Pairs::new()
    }
}

impl<K: Key + ?Sized, V: Value + ?Sized> InputFormat for Pairs<K, V> {
    type Record<'a> = (K::Ref<'a>, V::Ref<'a>);

    fn read(piece: PieceReader<'_>, mut each: impl FnMut(Self::Record<'_>) -> Result<()>) -> Result<()> {
        let Piece::Partition(segment) = piece.piece else {
            return Err(Error::Config("a mapper of pairs reads datasets, not files".into()));
        };
        let mut cursor = RunCursor::open(segment)?;
        while cursor.advance()?.is_some() {
            each((K::decode(cursor.key())?, V::decode(cursor.value())?))?;
        }
        Ok(())
    }
}
