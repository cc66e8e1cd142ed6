//! Emulated disks: their properties and their names.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, TryFromFloatSecsError};

use crate::quantity::{ByteSize, parse_duration};

/// A disk that is emulated below intermediate files and data between jobs, so that new machines can show how old ones
/// behaved. Inputs and the output are read and written as fast as this machine can.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(into = "ReportedProfile", try_from = "ReportedProfile")]
pub struct DiskProfile {
    /// `hdd`, `sata-ssd`, `nvme`, or the profile as the user wrote it.
    pub name: String,
    /// Bytes that the disk reads or writes sequentially in a second.
    pub bandwidth_bytes_per_second: u64,
    /// Time of a seek.
    pub seek: Duration,
}

impl DiskProfile {
    /// Disks that are known by name, with typical figures from data sheets: a drive of 7,200 revolutions a minute (6 ms
    /// to move its heads, 4 ms for half a turn), an SSD as fast as SATA allows, and one on four lanes of PCIe 3.
    pub const NAMED: [(&str, u64, Duration); 3] = [
        ("hdd", 150_000_000, Duration::from_millis(10)),
        ("sata-ssd", 500_000_000, Duration::from_micros(100)),
        ("nvme", 3_000_000_000, Duration::from_micros(20)),
    ];
}

impl FromStr for DiskProfile {
    type Err = String;

    /// A name, or bandwidth a second and seek time: `200MB,8ms`.
    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.to_owned();
        if let Some((_, bandwidth, seek)) = Self::NAMED.into_iter().find(|(known, ..)| *known == text) {
            return Ok(DiskProfile { name, bandwidth_bytes_per_second: bandwidth, seek });
        }
        let (bandwidth, seek) = text.split_once(',').ok_or_else(|| {
            format!("'{text}' is no disk; name hdd, sata-ssd or nvme, or BANDWIDTH,SEEK like 200MB,8ms")
        })?;
        let ByteSize(bandwidth_bytes_per_second) = bandwidth.parse()?;
        if bandwidth_bytes_per_second == 0 {
            return Err("a disk must have some bandwidth".into());
        }
        let seek = if ["0", "0ms", "0s"].contains(&seek.trim()) { Duration::ZERO } else { parse_duration(seek)? };
        Ok(DiskProfile { name, bandwidth_bytes_per_second, seek })
    }
}

impl fmt::Display for DiskProfile {
    /// `emulated disk hdd (150 MB/s, 10 ms a seek)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (bandwidth, seek) = (self.bandwidth_bytes_per_second as f64 / 1e6, self.seek.as_secs_f64() * 1e3);
        let name = if Self::NAMED.iter().any(|(known, ..)| *known == self.name) { &self.name[..] } else { "" };
        let space = if name.is_empty() { "" } else { " " };
        write!(f, "emulated disk{space}{name} ({bandwidth} MB/s, {seek} ms a seek)")
    }
}

/// A profile as reports have it: with units in the names, and saying that it is emulated.
#[derive(serde::Deserialize, serde::Serialize)]
struct ReportedProfile {
    emulated: bool,
    name: String,
    bandwidth_bytes_per_second: u64,
    seek_seconds: f64,
}

impl From<DiskProfile> for ReportedProfile {
    fn from(profile: DiskProfile) -> Self {
        let DiskProfile { name, bandwidth_bytes_per_second, seek } = profile;
        ReportedProfile { emulated: true, name, bandwidth_bytes_per_second, seek_seconds: seek.as_secs_f64() }
    }
}

impl TryFrom<ReportedProfile> for DiskProfile {
    type Error = TryFromFloatSecsError;

    fn try_from(reported: ReportedProfile) -> Result<Self, Self::Error> {
        let ReportedProfile { name, bandwidth_bytes_per_second, seek_seconds, .. } = reported;
        Ok(DiskProfile { name, bandwidth_bytes_per_second, seek: Duration::try_from_secs_f64(seek_seconds)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disks_have_names_or_figures() {
        let hdd: DiskProfile = "hdd".parse().unwrap();
        assert_eq!((hdd.bandwidth_bytes_per_second, hdd.seek), (150_000_000, Duration::from_millis(10)));
        assert_eq!(hdd.to_string(), "emulated disk hdd (150 MB/s, 10 ms a seek)");
        let slow: DiskProfile = "200MB, 0.5ms".parse().unwrap();
        assert_eq!((slow.bandwidth_bytes_per_second, slow.seek), (200_000_000, Duration::from_micros(500)));
        assert_eq!(slow.to_string(), "emulated disk (200 MB/s, 0.5 ms a seek)");
        assert_eq!("1GB,0".parse::<DiskProfile>().unwrap().seek, Duration::ZERO);
        for text in ["", "floppy", "hdd,1ms", "1GB", "0,1ms", "1GB,1", "1GB,-1ms", "1GB,1ms,1ms", ",", "1GB,", "1GB,0x"]
        {
            assert!(text.parse::<DiskProfile>().is_err(), "{text}");
        }
    }
}
