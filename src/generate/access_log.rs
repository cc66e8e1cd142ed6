//! A web server's access log in Apache's combined format, for analyses of access logs.
//!
//! ```text
//! client - - [17/May/2015:10:05:03 +0000] "GET /path HTTP/1.1" 200 bytes "referer" "user agent"
//! ```
//!
//! Requests come one a second in the mean, four times as often in the evening as at night. Clients and paths follow
//! Zipf's law; a client keeps its user agent and a path its size. The shares of methods, statuses and referers are near
//! those of the log that Elastic's examples use (semicomplete.com, May 2015). The bytes of a 304 and of an answer to HEAD
//! are `-`.

use std::io;

use rand_core::RngCore;

use super::sampling::{AliasTable, zipf_weights};
use super::shape::Shape;
use super::writer::RecordWriter;

mod clients;
mod clock;
mod site;

use clients::Client;
use clock::Clock;
use site::{PATHS, Path};

const METHODS: [(&str, u32); 4] = [("GET", 9950), ("HEAD", 42), ("POST", 7), ("OPTIONS", 1)];
const PROTOCOLS: [(&str, u32); 2] = [("HTTP/1.1", 96), ("HTTP/1.0", 4)];
const STATUSES: [(Status, u32); 8] = [
    (Status { code: "200", body: Body::Whole }, 9128),
    (Status { code: "304", body: Body::Nothing }, 445),
    (Status { code: "404", body: Body::Notice(294) }, 213),
    (Status { code: "301", body: Body::Notice(336) }, 164),
    (Status { code: "206", body: Body::Half }, 45),
    (Status { code: "500", body: Body::Notice(612) }, 3),
    (Status { code: "403", body: Body::Notice(298) }, 1),
    (Status { code: "416", body: Body::Notice(340) }, 1),
];

struct Status {
    code: &'static str,
    body: Body,
}

/// Body of an answer.
enum Body {
    Whole,
    Half,
    Notice(u32),
    Nothing,
}

/// Writes requests in ascending order of time.
pub(super) fn write(shape: &Shape, rng: &mut impl RngCore, writer: &mut RecordWriter<'_>) -> io::Result<()> {
    let paths = site::paths(rng);
    let referers = site::referers(rng, &paths);
    let clients = clients::clients(rng);
    let client_popularity = AliasTable::new(zipf_weights(clients.len() as u32, shape.zipf_exponent, 50.0));
    let path_popularity = AliasTable::new(zipf_weights(PATHS, shape.zipf_exponent, 5.0));
    let methods = AliasTable::of_counts(METHODS.map(|(_, share)| share));
    let protocols = AliasTable::of_counts(PROTOCOLS.map(|(_, share)| share));
    let statuses = AliasTable::of_counts(STATUSES.map(|(_, share)| share));
    let mut clock = Clock::start();
    while writer.wants_more() {
        clock.advance(rng);
        let client = &clients[client_popularity.draw(rng) as usize];
        let request = Request {
            method: METHODS[methods.draw(rng) as usize].0,
            path: &paths[path_popularity.draw(rng) as usize],
            protocol: PROTOCOLS[protocols.draw(rng) as usize].0,
            status: &STATUSES[statuses.draw(rng) as usize].0,
            referer: if client.sends_referer() { referers.draw(rng) } else { "-" },
        };
        writer.record(|block| request.append(block, client, clock.timestamp()))?;
    }
    Ok(())
}

struct Request<'a> {
    method: &'static str,
    path: &'a Path,
    protocol: &'static str,
    status: &'static Status,
    referer: &'a str,
}

impl Request<'_> {
    fn append(&self, line: &mut Vec<u8>, client: &Client, timestamp: &str) {
        let mut decimal = itoa::Buffer::new();
        let bytes = match self.bytes() {
            Some(bytes) => decimal.format(bytes),
            None => "-",
        };
        let fields = [
            &client.address,
            " - - [",
            timestamp,
            "] \"",
            self.method,
            " ",
            &self.path.text,
            " ",
            self.protocol,
            "\" ",
            self.status.code,
            " ",
            bytes,
            " \"",
            self.referer,
            "\" \"",
            client.agent.text,
            "\"\n",
        ];
        fields.into_iter().for_each(|field| line.extend_from_slice(field.as_bytes()));
    }

    fn bytes(&self) -> Option<u32> {
        match self.status.body {
            _ if self.method == "HEAD" => None,
            Body::Whole => Some(self.path.bytes),
            Body::Half => Some(self.path.bytes / 2),
            Body::Notice(bytes) => Some(bytes),
            Body::Nothing => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Kind, Shape, generated};
    use std::collections::HashMap;

    fn log() -> String {
        String::from_utf8(generated(Kind::AccessLog, &Shape::records(20_000), 1)).expect("ASCII")
    }

    #[test]
    fn lines_have_the_combined_format() {
        for line in log().lines() {
            let quoted: Vec<&str> = line.split('"').collect();
            assert_eq!(quoted.len(), 7, "{line}");
            let (client, time) = quoted[0].split_once(" - - [").expect("client and time");
            assert!(client.parse::<std::net::Ipv4Addr>().is_ok(), "{client}");
            assert!(time.len() == 28 && time.ends_with(" +0000] "), "{time}");
            let request: Vec<&str> = quoted[1].split(' ').collect();
            assert!(request.len() == 3 && request[1].starts_with('/') && request[2].starts_with("HTTP/1."), "{line}");
            let answer: Vec<&str> = quoted[2].trim().split(' ').collect();
            assert!(answer.len() == 2 && answer[0].len() == 3, "{line}");
            assert!(answer[1].parse::<u32>().is_ok() || answer[0] == "304" || request[0] == "HEAD", "{line}");
            assert!(quoted[3] == "-" || quoted[3].starts_with("http"), "{line}");
            assert!(!quoted[5].is_empty(), "{line}");
        }
    }

    #[test]
    fn statuses_clients_and_paths_are_plausibly_skewed() {
        let log = log();
        let counts = |field: usize| {
            let mut counts: HashMap<&str, u32> = HashMap::new();
            log.lines().for_each(|line| *counts.entry(line.split(' ').nth(field).expect("a field")).or_default() += 1);
            counts
        };
        let statuses = counts(8);
        assert!((17_900..18_600).contains(&statuses["200"]), "{statuses:?}");
        assert!((300..560).contains(&statuses["404"]), "{statuses:?}");
        let top = |counts: HashMap<&str, u32>| counts.into_values().max().unwrap_or(0);
        assert!((400..1600).contains(&top(counts(6))));
        assert!((20..200).contains(&top(counts(0))));
        assert!(counts(0).len() > 5000);
    }
}
