//! Keys of every type come to the reducers in the order of their type, and are printed as text.

use twinmill::prelude::*;
use twinmill::record::{Key, ToKey, ToText};

use crate::harness::{MODES, Scratch};
use crate::sample_jobs::{JoinValues, map_lines};

/// The keys in the order in which one reducer sees them; each line becomes a key.
fn keys_in_order<K>(lines: &[&str], parse: impl Fn(&str) -> K + Clone + Send + Sync) -> Vec<String>
where
    K: Key + ToKey<K>,
    for<'a> K::Ref<'a>: ToKey<K>,
{
    let outputs = MODES.map(|mode| {
        let scratch = Scratch::with_input(lines.join("\n"));
        let parse = parse.clone();
        let map = move |line: Record<'_>| {
            let text = std::str::from_utf8(line.bytes()).map_err(Error::user)?;
            Ok(vec![(parse(text), ())])
        };
        let job = Job::new("keys", map_lines(map), JoinValues::<K, ()>::new());
        let mut config = scratch.config(mode).reducers(1);
        config.split_bytes = Some(9);
        scratch.run(&config, |config| job.input(scratch.input().as_path()).run(config)).text()
    });
    assert_eq!(outputs[0], outputs[1]);
    outputs[0].lines().map(|line| line.strip_suffix('\t').unwrap_or(line).to_owned()).collect()
}

#[test]
fn signed_integers_order_from_the_least() {
    let lines = ["3", "-1", "0", "-9223372036854775808", "9223372036854775807", "-10", "10"];
    let expected = ["-9223372036854775808", "-10", "-1", "0", "3", "10", "9223372036854775807"];
    assert_eq!(keys_in_order(&lines, |text| text.parse::<i64>().unwrap()), expected);
    assert_eq!(
        keys_in_order(&["5", "-128", "127", "-1"], |text| text.parse::<i8>().unwrap()),
        ["-128", "-1", "5", "127"]
    );
}

#[test]
fn unsigned_integers_order_by_value_not_by_digits() {
    let lines = ["10", "9", "100", "18446744073709551615", "0", "256", "255"];
    let expected = ["0", "9", "10", "100", "255", "256", "18446744073709551615"];
    assert_eq!(keys_in_order(&lines, |text| text.parse::<u64>().unwrap()), expected);
}

#[test]
fn floats_order_totally() {
    let lines = ["1.5", "-0.0", "inf", "0.0", "-inf", "-1e-300", "1e300", "-2", "NaN"];
    let expected = ["-inf", "-2.0", "-1e-300", "-0.0", "0.0", "1.5", "1e300", "inf", "NaN"];
    assert_eq!(keys_in_order(&lines, |text| text.parse::<f64>().unwrap()), expected);
}

#[test]
fn strings_order_by_their_bytes() {
    let lines = ["b", "é", "", "ab", "a", "Z", "z", "a b"];
    let expected = ["", "Z", "a", "a b", "ab", "b", "z", "é"];
    assert_eq!(keys_in_order::<String>(&lines, str::to_owned), expected);
    assert_eq!(keys_in_order::<Vec<u8>>(&lines, |text| text.as_bytes().to_vec()), expected);
}

#[test]
fn booleans_and_options_order_with_false_and_none_first() {
    assert_eq!(keys_in_order(&["true", "false", "true"], |text| text == "true"), ["false", "true"]);
    let parse = |text: &str| text.parse::<i32>().ok();
    assert_eq!(keys_in_order(&["7", "none", "-7", "none"], parse), ["", "-7", "7"]);
}

#[test]
fn tuples_order_part_by_part() {
    let parse = |text: &str| {
        let (name, number) = text.split_once(' ').unwrap();
        (name.to_owned(), number.parse::<i64>().unwrap())
    };
    let lines = ["b 1", "a 10", "ab -3", "a -2", "a 9", "b -1"];
    assert_eq!(keys_in_order(&lines, parse), ["a\t-2", "a\t9", "a\t10", "ab\t-3", "b\t-1", "b\t1"]);
    let parse = |text: &str| ((text.len() as u64, text.starts_with('x')), text.to_owned());
    assert_eq!(
        keys_in_order(&["xb", "a", "ya", "xa", "b"], parse),
        ["1\tfalse\ta", "1\tfalse\tb", "2\tfalse\tya", "2\ttrue\txa", "2\ttrue\txb"]
    );
}

/// A key of the test's own: a version, the highest first.
#[derive(Clone, Debug, PartialEq)]
struct Version {
    major: u32,
    minor: u32,
}

impl Key for Version {
    type Ref<'a> = Version;

    fn decode(mut bytes: &[u8]) -> Result<Version> {
        Version::decode_part(&mut bytes)
    }

    fn decode_part(bytes: &mut &[u8]) -> Result<Version> {
        let (major, minor) = <(u32, u32)>::decode_part(bytes)?;
        Ok(Version { major: u32::MAX - major, minor: u32::MAX - minor })
    }
}

impl ToKey<Version> for Version {
    fn encode_part(&self, out: &mut Vec<u8>) {
        ToKey::<(u32, u32)>::encode_part(&(u32::MAX - self.major, u32::MAX - self.minor), out);
    }
}

impl ToText for Version {
    fn write_text(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("v{}.{}", self.major, self.minor).as_bytes());
    }
}

#[test]
fn a_key_type_of_ones_own_orders_as_it_is_encoded() {
    let parse = |text: &str| {
        let (major, minor) = text.split_once('.').unwrap();
        Version { major: major.parse().unwrap(), minor: minor.parse().unwrap() }
    };
    assert_eq!(
        keys_in_order(&["1.2", "1.10", "0.9", "10.0", "1.9"], parse),
        ["v10.0", "v1.10", "v1.9", "v1.2", "v0.9"]
    );
    let in_tuple = |text: &str| (text.starts_with('1'), parse(text));
    assert_eq!(keys_in_order(&["1.2", "2.0", "1.10"], in_tuple), ["false\tv2.0", "true\tv1.10", "true\tv1.2"]);
}
