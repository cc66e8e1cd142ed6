//! The machines that a prediction is about.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::config::DiskProfile;
use crate::quantity::ByteSize;

/// What runs the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Engine {
    /// twinmill on one machine that computes like this one, map outputs on disk.
    LocalDisk,
    /// The same, map outputs in memory.
    LocalMemory,
    /// Hadoop, with twinmill's tasks: map outputs on disk.
    Hadoop,
    /// Spark, with twinmill's tasks: map outputs and what a loop reads again in memory.
    Spark,
}

impl Engine {
    /// All of them.
    pub const ALL: [Engine; 4] = [Engine::LocalDisk, Engine::LocalMemory, Engine::Hadoop, Engine::Spark];

    /// The name in tables and in the file of graded runs.
    pub fn name(self) -> &'static str {
        match self {
            Engine::LocalDisk => "local disk",
            Engine::LocalMemory => "local memory",
            Engine::Hadoop => "Hadoop",
            Engine::Spark => "Spark",
        }
    }

    /// The engine of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|engine| engine.name() == name)
    }

    /// Whether map outputs, and data between jobs, stay in memory while there is room.
    pub fn keeps_in_memory(self) -> bool {
        matches!(self, Engine::LocalMemory | Engine::Spark)
    }

    /// Whether it is one process on one machine.
    pub fn is_local(self) -> bool {
        matches!(self, Engine::LocalDisk | Engine::LocalMemory)
    }
}

/// A cluster of equal machines, each of whose cores computes like one of this machine.
#[derive(Clone, Debug, Serialize)]
pub struct Cluster {
    /// Machines.
    pub nodes: u32,
    /// Tasks that a machine runs at the same time.
    pub cores: u32,
    /// The disk of each machine. `None` for the disk of this machine, as the measured run found it.
    pub disk: Option<DiskProfile>,
    /// The network of each machine, one way.
    pub network: Bandwidth,
    /// Memory of each machine.
    pub memory_bytes: u64,
    /// Copies of the output (`dfs.replication`).
    pub replication: u32,
    /// Reduce tasks. `None` for 95 % of the slots, which Hadoop's documentation advises.
    pub reducers: Option<u32>,
    /// Most input of a map task (`dfs.blocksize`).
    pub split_bytes: u64,
    /// Sort buffer of a map task (`io.sort.mb`).
    pub sort_buffer_bytes: u64,
    /// Most runs that a merge pass reads (`io.sort.factor`).
    pub merge_factor: u64,
}

impl Cluster {
    /// A cluster as many have it: machines of 8 cores, 64 GiB, a SATA SSD and 10 Gbit/s, under Hadoop's own settings.
    pub fn usual(nodes: u32) -> Self {
        Cluster {
            nodes,
            cores: 8,
            disk: Some("sata-ssd".parse().expect("it is known by name")),
            network: Bandwidth { bytes_per_second: 10e9 / 8.0 },
            memory_bytes: 64 << 30,
            replication: 3,
            reducers: None,
            split_bytes: 128 << 20,
            sort_buffer_bytes: 100 << 20,
            merge_factor: 10,
        }
    }

    /// Tasks that all machines run at the same time.
    pub fn slots(&self) -> u64 {
        u64::from(self.nodes) * u64::from(self.cores)
    }
}

/// Bytes a second of a network.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bandwidth {
    /// Bytes in a second.
    pub bytes_per_second: f64,
}

impl FromStr for Bandwidth {
    type Err = String;

    /// `10Gbit`, `100Mbit`, or bytes a second like `125MB`.
    fn from_str(text: &str) -> Result<Self, String> {
        let unknown = |_| format!("'{text}' is no network; write it like 10Gbit, 100Mbit or 125MB");
        let lower = text.trim().to_ascii_lowercase();
        let bits = lower.strip_suffix("bit/s").or_else(|| lower.strip_suffix("bit"));
        let bytes_per_second = match bits {
            // Networks count in powers of 1000.
            Some(number) => {
                let ByteSize(bits) = format!("{number}b").parse().map_err(unknown)?;
                bits as f64 / 8.0
            }
            None => {
                let ByteSize(bytes) = lower.trim_end_matches("/s").parse().map_err(unknown)?;
                bytes as f64
            }
        };
        if bytes_per_second <= 0.0 {
            return Err("a network must have some bandwidth; write it like 10Gbit or 125MB".into());
        }
        Ok(Bandwidth { bytes_per_second })
    }
}

impl fmt::Display for Bandwidth {
    /// In bits, as networks are sold.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = self.bytes_per_second * 8.0;
        match bits {
            1e9.. => write!(f, "{} Gbit/s", bits / 1e9),
            _ => write!(f, "{} Mbit/s", bits / 1e6),
        }
    }
}

#[cfg(test)]
pub mod tests {
    use std::time::Duration;

    use super::*;

    /// Nodes with eight cores, hard disks and a network of 1 Gbit/s.
    pub fn cluster(nodes: u32) -> Cluster {
        Cluster {
            nodes,
            cores: 8,
            disk: Some(DiskProfile {
                name: "hdd".into(),
                bandwidth_bytes_per_second: 150_000_000,
                seek: Duration::from_millis(10),
            }),
            network: Bandwidth { bytes_per_second: 125e6 },
            memory_bytes: 64 << 30,
            replication: 3,
            reducers: None,
            split_bytes: 128 << 20,
            sort_buffer_bytes: 100 << 20,
            merge_factor: 64,
        }
    }

    #[test]
    fn networks_are_read_in_bits_and_in_bytes() {
        for (text, bytes) in [("1Gbit", 125e6), ("10 gbit/s", 1.25e9), ("100Mbit", 12.5e6), ("125MB", 125e6)] {
            assert_eq!(text.parse(), Ok(Bandwidth { bytes_per_second: bytes }), "{text}");
        }
        for text in ["", "fast", "0bit", "0"] {
            assert!(text.parse::<Bandwidth>().is_err(), "{text}");
        }
        assert_eq!(Bandwidth { bytes_per_second: 1.25e9 }.to_string(), "10 Gbit/s");
        assert_eq!(Bandwidth { bytes_per_second: 12.5e6 }.to_string(), "100 Mbit/s");
    }

    #[test]
    fn every_engine_has_its_name_back() {
        Engine::ALL.into_iter().for_each(|engine| assert_eq!(Engine::named(engine.name()), Some(engine)));
    }
}
