//! The dashboard of an access log: its lines in every mode, the tables and the page beside them, and what replaces them.

use std::collections::BTreeMap;
use std::fs;

use super::{Cli, MODES};
use crate::real_data::data;

/// Two hosts out of order, a query, an error, a Common line, and two lines that are no requests.
const LOG: &str = r#"a - - [17/May/2015:10:40:01 +0000] "GET /x.PNG?v=1 HTTP/1.1" 404 7 "-" "m"
a - - [17/May/2015:10:10:00 +0000] "GET /x.PNG HTTP/1.1" 200 100 "http://from/" "m"
b - - [17/May/2015:12:00:00 +0200] "HEAD / HTTP/1.1" 304 -
no request
a - - [17/May/2015:10:10:30 +0000] "GET / HTTP/1.1" 200 50 "http://from/" "m"
<b>none</b> either
"#;

const LINES: &str = "bad\tlines\t2\t28\t0\nsample\t<b>none</b> either\t1\t18\t0\nsample\tno request\t1\t10\t0\n\
    total\trequests\t4\t157\t1\nhour\t2015-05-17 10\t4\t157\t1\nstatus\t200\t2\t150\t0\nstatus\t304\t1\t0\t0\n\
    status\t404\t1\t7\t1\nmethod\tGET\t3\t157\t1\nmethod\tHEAD\t1\t0\t0\nextension\tnone\t2\t50\t0\nextension\tpng\t2\t107\t1\n\
    page\t/\t2\t50\t0\npage\t/x.PNG\t2\t107\t1\nhost\ta\t3\t157\t1\nhost\tb\t1\t0\t0\nreferrer\thttp://from/\t2\t150\t0\n\
    sessions\ta\t1\t3\t1801\nsessions\tb\t1\t1\t0\n";

/// The lines of the parts; samples are in the order of their hashes.
fn lines(cli: &Cli) -> Vec<String> {
    let parts = twinmill::part_files(&cli.scratch.path("out")).unwrap();
    let text: String = parts.iter().map(|part| fs::read_to_string(part).unwrap()).collect();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[test]
fn a_log_becomes_tables_and_a_page() {
    let cli = Cli::with_input(LOG);
    let mut expected: Vec<&str> = LINES.lines().collect();
    expected.sort_unstable();
    let mut pages = Vec::new();
    for settings in
        ["--mode disk --split-size 50 --sort-buffer 64k", "--mode memory --split-size 90", "--mode reference"]
    {
        cli.succeed(&format!("run dashboard --input input --reducers 3 {settings} --quiet --overwrite --output out"));
        assert_eq!(lines(&cli), expected, "{settings}");
        pages.push(fs::read_to_string(cli.scratch.path("out/dashboard.html")).unwrap());
    }
    assert!(pages.iter().all(|page| *page == pages[0]));
    let table = |name: &str| fs::read_to_string(cli.scratch.path(&format!("out/{name}.tsv"))).unwrap();
    assert_eq!(table("hours"), "hour\trequests\tbytes\terrors\n2015-05-17 10\t4\t157\t1\n");
    assert_eq!(table("sessions"), "host\tsessions\trequests\tseconds\na\t1\t3\t1801\nb\t1\t1\t0\n");
    let page = &pages[0];
    assert!(page.starts_with("<!doctype html>") && page.contains("default-src 'none'"), "{page}");
    assert!(page.contains("&lt;b&gt;none&lt;/b&gt; either") && !page.contains("<b>none"), "text of a log is no markup");
    for elsewhere in ["<script", "<link", "src=", "@import", "url("] {
        assert!(!page.contains(elsewhere), "{elsewhere}");
    }
}

#[test]
fn lines_that_are_no_requests_are_noted() {
    for (log, said) in [
        (LOG, "2 of 6 lines are no requests in Common or Combined format, such as '"),
        (
            "a\ta\n\nno request\n",
            "the dashboard is empty: none of the 2 lines is a request in Common or Combined format, such as '",
        ),
    ] {
        let cli = Cli::with_input(log);
        for mode in MODES {
            let ended = cli.succeed(&format!("run dashboard --input input --mode {mode} --overwrite --output out"));
            ended.says(&[said]);
        }
    }
    let cli = Cli::with_input(LOG.lines().next().unwrap());
    assert!(!cli.succeed("run dashboard --input input --output out").stderr.contains("no request"));
}

#[test]
fn files_beside_the_parts_are_replaced_only_as_they_were_written() {
    let cli = Cli::with_input(LOG);
    let run = "run dashboard --input input --quiet --overwrite --output out";
    cli.succeed(run);
    cli.succeed(run);
    fs::write(cli.scratch.path("out/hours.tsv"), "my notes").unwrap();
    cli.fail(2, run).says(&["hours.tsv, which is none of a run's files"]);
    assert_eq!(fs::read(cli.scratch.path("out/hours.tsv")).unwrap(), b"my notes");
}

#[test]
fn a_real_log_has_the_pages_that_a_plain_program_counts() {
    let Some(log) = data("logs/apache_access.log") else { return };
    let text = fs::read_to_string(&log).unwrap();
    let mut pages: BTreeMap<&str, u64> = BTreeMap::new();
    for line in text.lines() {
        let url = line.split('"').nth(1).unwrap().split(' ').nth(1).unwrap();
        *pages.entry(url.split(['?', '#']).next().unwrap()).or_default() += 1;
    }
    let cli = Cli::new();
    cli.succeed(&format!("run dashboard --input {} --quiet --output out", log.display()));
    let counted: BTreeMap<String, u64> = lines(&cli)
        .iter()
        .filter_map(|line| line.strip_prefix("page\t"))
        .map(|line| line.split('\t').collect::<Vec<_>>())
        .map(|cells| (cells[0].to_owned(), cells[1].parse().unwrap()))
        .collect();
    assert!(counted.iter().map(|(page, count)| (page.as_str(), *count)).eq(pages), "{} pages", counted.len());
}
