//! Counters with Hadoop's names and meanings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// `TaskCounter` and `FileSystemCounter`, one field a counter. Each task attempt counts for itself; the attempts that
/// succeeded are summed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub struct Counters {
    /// Records the mappers were given.
    pub map_input_records: u64,
    /// Records the mappers emitted.
    pub map_output_records: u64,
    /// Bytes of the encoded keys and values that the mappers emitted, before combining.
    pub map_output_bytes: u64,
    /// Bytes of the map outputs as the reducers find them: in files, with framing and after compression; in memory, the
    /// bytes of the blocks.
    pub map_output_materialized_bytes: u64,
    /// Records that went into the combiner.
    pub combine_input_records: u64,
    /// Records that came out of the combiner.
    pub combine_output_records: u64,
    /// Records written to files by spills and by merge passes, on both sides.
    pub spilled_records: u64,
    /// Map outputs taken by reducers: map tasks times reduce tasks.
    pub merged_map_outputs: u64,
    /// Bytes of map outputs that reducers took, as they lie.
    pub reduce_shuffle_bytes: u64,
    /// Groups the reducers were given.
    pub reduce_input_groups: u64,
    /// Records the reducers were given.
    pub reduce_input_records: u64,
    /// Records the reducers emitted.
    pub reduce_output_records: u64,
    /// Bytes read from intermediate files.
    pub file_bytes_read: u64,
    /// Bytes written to intermediate files.
    pub file_bytes_written: u64,
}

impl Counters {
    /// The counts since `before`.
    pub(crate) fn since(&self, before: &Counters) -> Counters {
        Counters {
            map_input_records: self.map_input_records - before.map_input_records,
            map_output_records: self.map_output_records - before.map_output_records,
            map_output_bytes: self.map_output_bytes - before.map_output_bytes,
            map_output_materialized_bytes: self.map_output_materialized_bytes - before.map_output_materialized_bytes,
            combine_input_records: self.combine_input_records - before.combine_input_records,
            combine_output_records: self.combine_output_records - before.combine_output_records,
            spilled_records: self.spilled_records - before.spilled_records,
            merged_map_outputs: self.merged_map_outputs - before.merged_map_outputs,
            reduce_shuffle_bytes: self.reduce_shuffle_bytes - before.reduce_shuffle_bytes,
            reduce_input_groups: self.reduce_input_groups - before.reduce_input_groups,
            reduce_input_records: self.reduce_input_records - before.reduce_input_records,
            reduce_output_records: self.reduce_output_records - before.reduce_output_records,
            file_bytes_read: self.file_bytes_read - before.file_bytes_read,
            file_bytes_written: self.file_bytes_written - before.file_bytes_written,
        }
    }

    /// Adds another attempt's counts.
    pub fn add(&mut self, other: &Counters) {
        let Counters {
            map_input_records,
            map_output_records,
            map_output_bytes,
            map_output_materialized_bytes,
            combine_input_records,
            combine_output_records,
            spilled_records,
            merged_map_outputs,
            reduce_shuffle_bytes,
            reduce_input_groups,
            reduce_input_records,
            reduce_output_records,
            file_bytes_read,
            file_bytes_written,
        } = other;
        self.map_input_records += map_input_records;
        self.map_output_records += map_output_records;
        self.map_output_bytes += map_output_bytes;
        self.map_output_materialized_bytes += map_output_materialized_bytes;
        self.combine_input_records += combine_input_records;
        self.combine_output_records += combine_output_records;
        self.spilled_records += spilled_records;
        self.merged_map_outputs += merged_map_outputs;
        self.reduce_shuffle_bytes += reduce_shuffle_bytes;
        self.reduce_input_groups += reduce_input_groups;
        self.reduce_input_records += reduce_input_records;
        self.reduce_output_records += reduce_output_records;
        self.file_bytes_read += file_bytes_read;
        self.file_bytes_written += file_bytes_written;
    }
}

/// Counts of a job's own code: counters for the report, aggregates for the driver. A job has few of them and counts
/// often, so they are found by scanning.
#[derive(Clone, Debug, Default)]
pub struct UserCounters {
    counters: Vec<(&'static str, &'static str, u64)>,
    aggregates: Vec<(&'static str, u64)>,
}

/// [`UserCounters`] in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct SavedCounts {
    pub counters: Vec<(String, String, u64)>,
    pub aggregates: Vec<(String, u64)>,
}

impl UserCounters {
    /// Adds `n` to the counter `name` of `group`. Sums wrap: what is taken away is added as its two's complement.
    pub fn add(&mut self, group: &'static str, name: &'static str, n: u64) {
        match self.counters.iter_mut().find(|(g, c, _)| *g == group && *c == name) {
            Some((_, _, value)) => *value = value.wrapping_add(n),
            None => self.counters.push((group, name, n)),
        }
    }

    /// Adds `n` to the aggregate `name`.
    pub fn aggregate(&mut self, name: &'static str, n: u64) {
        match self.aggregates.iter_mut().find(|(a, _)| *a == name) {
            Some((_, value)) => *value += n,
            None => self.aggregates.push((name, n)),
        }
    }

    /// The aggregate `name`; 0 where nothing was added to it.
    pub fn aggregated(&self, name: &str) -> u64 {
        self.aggregates.iter().find(|(a, _)| *a == name).map_or(0, |(_, value)| *value)
    }

    /// Converts the counts into their form in a file.
    pub(crate) fn save(&self) -> SavedCounts {
        let counter = |(group, name, n): &(&str, &str, u64)| ((*group).to_owned(), (*name).to_owned(), *n);
        SavedCounts {
            counters: self.counters.iter().map(counter).collect(),
            aggregates: self.aggregates.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect(),
        }
    }

    /// Converts saved counts back. Their names are leaked: a job has few, and a run restores them once.
    pub(crate) fn restore(saved: &SavedCounts) -> Self {
        let name = |name: &String| -> &'static str { Box::leak(name.clone().into_boxed_str()) };
        UserCounters {
            counters: saved.counters.iter().map(|(group, counter, n)| (name(group), name(counter), *n)).collect(),
            aggregates: saved.aggregates.iter().map(|(aggregate, n)| (name(aggregate), *n)).collect(),
        }
    }

    pub(crate) fn add_to(&self, sums: &mut BTreeMap<String, BTreeMap<String, u64>>) {
        for &(group, name, value) in &self.counters {
            let sum = sums.entry(group.to_owned()).or_default().entry(name.to_owned()).or_default();
            *sum = sum.wrapping_add(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_serialise_under_hadoops_names() {
        let json = serde_json::to_value(Counters { file_bytes_read: 7, ..Counters::default() }).unwrap();
        assert_eq!(json["FILE_BYTES_READ"], 7);
        assert_eq!(json["MAP_OUTPUT_MATERIALIZED_BYTES"], 0);
    }

    #[test]
    fn user_counters_sum_over_attempts() {
        let (mut a, mut sums) = (UserCounters::default(), BTreeMap::new());
        a.add("words", "long", 1);
        a.add("words", "long", 2);
        a.add_to(&mut sums);
        a.add_to(&mut sums);
        assert_eq!(sums["words"]["long"], 6);
        a.aggregate("change", 5);
        let restored = UserCounters::restore(&a.save());
        assert_eq!((restored.save(), restored.aggregated("change")), (a.save(), 5));
    }
}
