//! A sort buffer for jobs without a combiner, a table as long as it pays for those with one.

use crate::job::{Combiner, Partitioner};
use crate::pipeline::collect::adaptive::AdaptiveBuffer;
use crate::pipeline::collect::collector::CollectWith;
use crate::pipeline::collect::sort_buffer::SortBuffer;
use crate::pipeline::fold::{Combine, NoCombiner};
use crate::record::{Key, ToValue, Value};

impl<K: Key + ?Sized, V: Value + ?Sized> CollectWith<K, V> for NoCombiner {
    type Collector<'t, P: Partitioner + 't> = SortBuffer<'t, NoCombiner, P>;
}

impl<K: Key + ?Sized, V: Value + ToValue<V> + Send, C: Combiner<V>> CollectWith<K, V> for Combine<V, C> {
    type Collector<'t, P: Partitioner + 't>
        = AdaptiveBuffer<'t, V, C, P>
    where
        C: 't;
}
