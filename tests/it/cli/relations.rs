//! Select, aggregate, join and secondary sort: their output, line by line, in every mode; their errors; and the same facts on
//! real tables.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use super::{Cli, MODES};
use crate::real_data::data;

const FLIGHTS: &str =
    "carrier,delay,note\nUA,2,\"late, very\"\nAA,NA,\"two\nlines\"\nUA,-1.50,x\nDL,10,\"say \"\"hi\"\"\"\nAA,0.25,NA\n";

fn cli(table: &str) -> Cli {
    let cli = Cli::new();
    fs::write(cli.scratch.path("table"), table).unwrap();
    cli
}

/// Runs a job in all modes, with splits of a few bytes; returns the lines of the output, which are always the same.
#[track_caller]
fn text(cli: &Cli, job: &str) -> String {
    let settings =
        ["--mode disk --split-size 7 --sort-buffer 64k", "--mode memory --split-size 20", "--mode reference"];
    let outputs = settings.map(|settings| {
        cli.succeed(&format!("run {job} {settings} --reducers 1 --quiet --overwrite --output out"));
        String::from_utf8(cli.output("out")).unwrap()
    });
    assert!(outputs.iter().all(|output| *output == outputs[2]), "{job}: {outputs:?}");
    outputs[2].clone()
}

#[test]
fn select_takes_columns_of_rows_that_meet_all_conditions() {
    let cli = cli(FLIGHTS);
    let select = |options: &[&str]| {
        let mut all = Vec::new();
        for mode in MODES {
            let mut command =
                cli.command("run select --input table --null NA --header --quiet --overwrite --output out");
            let ended = command.args(["--mode", mode]).args(options).output().unwrap();
            assert!(ended.status.success(), "{options:?}: {}", String::from_utf8_lossy(&ended.stderr));
            all.push(String::from_utf8(cli.output("out")).unwrap());
        }
        assert!(all.iter().all(|output| *output == all[0]), "{options:?}");
        all.swap_remove(0)
    };
    assert_eq!(
        select(&[]),
        "UA\t2\tlate, very\nAA\tNA\t\"two\nlines\"\nUA\t-1.50\tx\nDL\t10\tsay \"hi\"\nAA\t0.25\tNA\n"
    );
    let notes = |condition: &str| select(&["--columns", "carrier,2", "--where", condition]);
    assert_eq!(notes("delay > 2"), "DL\t10\n");
    assert_eq!(notes("delay<=0.25"), "UA\t-1.50\nAA\t0.25\n");
    assert_eq!(notes("delay = -1.5"), "UA\t-1.50\n");
    assert_eq!(notes("delay = '-1.5'"), "", "in quotes it is text");
    assert_eq!(notes("delay != 2"), "UA\t-1.50\nDL\t10\nAA\t0.25\n", "a null meets no condition");
    assert_eq!(notes("delay = NA"), "AA\tNA\n");
    assert_eq!(notes("carrier != UA"), "AA\tNA\nDL\t10\nAA\t0.25\n");
    assert_eq!(notes("note ~ ^(l|two.l)"), "UA\t2\n");
    assert_eq!(notes("note ~ (?s)^(l|two.l)"), "UA\t2\nAA\tNA\n");
    assert_eq!(select(&["--columns", "2", "--where", "1 = UA", "--where", "2 > 0"]), "2\n");
    let last_first = ["--columns", "note,1-2", "--where", "carrier = DL"];
    assert_eq!(select(&last_first), "say \"hi\"\tDL\t10\n", "ranges are columns, too");
}

#[test]
fn aggregate_has_each_group_once_with_exact_sums() {
    let cli = cli(FLIGHTS);
    let options = "--input table --null NA --header";
    let all = "count,count:delay,sum:delay,mean:delay,min:delay,max:note,distinct:note";
    assert_eq!(
        text(&cli, &format!("aggregate {options} --group-by carrier --agg {all}")),
        "AA\t2\t1\t0.25\t0.25\t0.25\t\"two\nlines\"\t1\nDL\t1\t1\t10\t10.0\t10\tsay \"hi\"\t1\nUA\t2\t2\t0.50\t0.25\t-1.50\tx\t2\n"
    );
    assert_eq!(text(&cli, &format!("aggregate {options}")), "AA\t2\nDL\t1\nUA\t2\n", "by default");
    assert_eq!(text(&cli, &format!("aggregate {options} --agg sum:2,distinct:1")), "10.75\t3\n");
    assert_eq!(text(&cli, &format!("aggregate {options} --group-by 1,3 --agg max:2")).lines().count(), 6);
    let cli = self::cli("a,NA\nb,1\n");
    assert_eq!(
        text(&cli, "aggregate --input table --null NA --group-by 1 --agg sum:2,mean:2,min:2,count:2,distinct:2"),
        "a\tNA\tNA\tNA\t0\t0\nb\t1\t1.0\t1\t1\t1\n",
        "nothing has no sum"
    );
    let table: String =
        (0..1000).map(|i| format!("{}\t{}\n", i % 3, if i % 2 == 0 { "0.1" } else { "1e20" })).collect();
    assert_eq!(
        text(&self::cli(&table), "aggregate --input table --agg sum:2"),
        "50000000000000000000050.0\n",
        "as floats the tenths would be lost"
    );
}

const ORDERS: &str = "c2,vase\nc1,lamp\n,kettle\nc9,bench\nc1,clock\n";
const PEOPLE: &str = "Ines,c1\nJonas,c2\nYuki,c3\nZofia,\nClara,c1\n";

#[test]
fn join_has_all_kinds_with_the_same_bytes_by_either_strategy() {
    let cli = cli("");
    fs::write(cli.scratch.path("orders"), ORDERS).unwrap();
    fs::write(cli.scratch.path("people"), PEOPLE).unwrap();
    let inner = "c1\tlamp\tInes\nc1\tlamp\tClara\nc1\tclock\tInes\nc1\tclock\tClara\nc2\tvase\tJonas\n";
    for (how, expected) in [
        ("inner", inner.to_owned()),
        ("left", format!("\tkettle\t\n{inner}c9\tbench\t\n")),
        ("right", format!("\t\tZofia\n{inner}c3\t\tYuki\n")),
        ("full", format!("\tkettle\t\n\t\tZofia\n{inner}c3\t\tYuki\nc9\tbench\t\n")),
        ("semi", "c1\tlamp\nc1\tclock\nc2\tvase\n".to_owned()),
        ("anti", "\tkettle\nc9\tbench\n".to_owned()),
    ] {
        for strategy in ["shuffle", "broadcast"] {
            let join = format!("join --left orders --right people --on 1=2 --how {how} --strategy {strategy}");
            assert_eq!(text(&cli, &join), expected, "{how}, {strategy}");
        }
        let parts: BTreeSet<Vec<u8>> = ["--strategy shuffle", "--strategy broadcast", "--mode reference"]
            .map(|options| {
                let join = format!("run join --left orders --right people --on 1=2 --how {how} --null c9 {options}");
                cli.succeed(&format!("{join} --reducers 3 --quiet --overwrite --output out"));
                cli.output("out")
            })
            .into();
        assert_eq!(parts.len(), 1, "{how}");
    }
}

#[test]
fn a_join_on_several_columns_has_no_key_twice() {
    let cli = cli("");
    fs::write(cli.scratch.path("l"), "a,b,x\n1,2,p\n1,\"2,3\",q\n").unwrap();
    fs::write(cli.scratch.path("r"), "y,d,c\nu,\"2,3\",1\nv,2,1\n").unwrap();
    let join = "join --header --left l --right r --on a=c,b=d --how full";
    assert_eq!(text(&cli, join), "1\t2\tp\tv\n1\t2,3\tq\tu\n");
    assert_eq!(text(&cli, "join --header --left l --right l --on a,b,x"), "1\t2\tp\n1\t2,3\tq\n", "nothing but keys");
}

#[test]
fn a_key_with_half_of_the_rows_on_both_sides_stays_within_the_budget() {
    let cli = cli("");
    let left: String =
        (0..60).map(|i| format!("{},{i}\n", if i % 2 == 0 { "hot".into() } else { i.to_string() })).collect();
    let filling = "x".repeat(2000);
    let right: String = (0..2000)
        .map(|i| format!("{},{i}{filling}\n", if i % 2 == 0 { "hot".into() } else { i.to_string() }))
        .collect();
    fs::write(cli.scratch.path("left"), left).unwrap();
    fs::write(cli.scratch.path("right"), right).unwrap();
    let join = "run join --left left --right right --on 1=1 --how left --reducers 2 --quiet --overwrite --output out";
    cli.succeed(&format!("{join} --mode reference"));
    let expected = cli.output("out");
    for mode in ["disk", "memory"] {
        cli.succeed(&format!("{join} --mode {mode} --sort-buffer 64k --memory 1MiB --report report.json"));
        assert!(cli.output("out") == expected, "{mode}");
        let peak = cli.json("report.json")["peak_reserved_bytes"].as_u64().unwrap();
        assert!(peak <= 2 << 20, "{mode}: {peak} bytes, though the rows of one key have 2 MB");
    }
}

#[test]
fn secondary_sort_orders_the_rows_of_each_key() {
    let cli = cli("s1,9,a\ns2,7,b\ns1,10,c\ns1,NA,d\ns2,x,e\ns1,-2.5,f\ns1,9.0,g\n");
    let sort = |options: &str| text(&cli, &format!("secondary-sort --input table --null NA {options}"));
    assert_eq!(
        sort("--key 1 --order 2"),
        "s1\t-2.5\tf\ns1\t9\ta\ns1\t9.0\tg\ns1\t10\tc\ns1\tNA\td\ns2\t7\tb\ns2\tx\te\n"
    );
    assert_eq!(sort("--key 1 --order 2:desc --first 2"), "s1\t10\tc\ns1\t9\ta\ns2\tx\te\ns2\t7\tb\n");
    assert_eq!(
        sort("--key 1 --order 2:desc,3:desc --first 3"),
        "s1\t10\tc\ns1\t9.0\tg\ns1\t9\ta\ns2\tx\te\ns2\t7\tb\n"
    );
}

#[test]
fn the_format_is_told_by_the_first_row_of_data_once_for_all_files() {
    let cli = cli("a\tb, c\nd\te\n");
    assert_eq!(text(&cli, "select --input table --columns 2"), "b, c\ne\n", "only TABs cut all rows alike");
    let report = |options: &str| {
        cli.succeed(&format!(
            "run select --input table {options} --report report.json --quiet --overwrite --output out"
        ));
        cli.json("report.json")["guessed"].clone()
    };
    assert_eq!(report("")["format"], "tsv");
    assert!(report("--format tsv --header").is_null(), "nothing");
    assert_eq!(text(&self::cli("one\ntwo\n"), "select --input table"), "one\ntwo\n");
    let cli = self::cli("a\tb,c\nd\te,f\n");
    let ended = cli.fail(1, "run select --input table --output out --quiet");
    ended.says(&["is this csv or tsv?", "--format"]);
}

#[test]
fn wrong_tables_are_refused_with_their_place_and_what_to_do() {
    let table = "id,name\n1,a\n2,b,c\n3,d\n";
    for (table, job, said) in [
        (
            table,
            "select --header",
            &["table at offset 12: 3 columns where the first row of the table has 2, in '2,b,c'"][..],
        ),
        (
            table,
            "aggregate --header --group-by nmae",
            &["there is no column nmae: the header of table has 'id', 'name'; did you mean 'name'?"],
        ),
        (table, "secondary-sort --header --order name:dsc", &["no column name:dsc", ":asc or :desc"]),
        (table, "secondary-sort --key 3", &["there is no column 3: table has 2"]),
        ("1,a\n2,3\n", "aggregate --agg sum:2", &["table at offset 0: column 2: 'a' is no number", "--null"]),
        ("1,a\n2,\"b\n", "select", &["table at offset 4: a quoted cell is not closed before the file ends"]),
        ("1,a\n2,\"b\"c\n", "select", &["table at offset 4: 'c' stands between the quote that closes a cell"]),
        ("id,births\n1,2\n", "aggregate --agg sum:2", &["'births' is no number", "looks like a title", "--header"]),
        ("1,1e99\n", "aggregate --agg sum:2", &["table at offset 0: column 2: '1e99' has more than the 38 digits"]),
        (
            &"1,9e37\n".repeat(2),
            "aggregate --group-by 1 --agg sum:2",
            &["a sum of group '1' needs more than the 38 digits"],
        ),
        ("", "select", &["the input has no rows: table"]),
        ("a,b\n", "join", &["a join is of two tables", "there is one input"]),
    ] {
        let cli = cli(table);
        for mode in MODES {
            let status = if job == "join" { 2 } else { 1 };
            let ended = cli.fail(status, &format!("run {job} --input table --mode {mode} --quiet --output out"));
            ended.says(said);
        }
    }
    let cli = Cli::new();
    fs::create_dir_all(cli.scratch.path("all")).unwrap();
    fs::write(cli.scratch.path("all/a"), "id,name\n1,a\n").unwrap();
    fs::write(cli.scratch.path("all/b"), "name,id\nb,2\n").unwrap();
    let ended = cli.fail(1, "run select --input all --header --output out --quiet");
    ended.says(&["all/b at offset 0: the header is not that of all/a"]);
    for (options, said) in [
        ("select --where births", "COLUMN OP VALUE"),
        ("select --where a~(", "regex parse error"),
        ("aggregate --agg median:2", "count, sum, mean, min, max and distinct"),
        ("aggregate --agg sum", "sum is of a column: sum:COLUMN"),
        ("secondary-sort --key 0", "columns count from 1"),
        ("join --left all/a --right all/b --input all", "--left names an input of join, and so does --input"),
        ("join --left all/a", "--right"),
    ] {
        cli.fail(2, &format!("run {options} --output out")).says(&[said]);
    }
}

#[test]
fn a_bad_row_is_skipped_on_request() {
    let cli = cli("1,a\n2,b,c\n3,d\n");
    for job in ["select", "aggregate --group-by 1", "secondary-sort"] {
        for mode in MODES {
            cli.succeed(&format!(
                "run {job} --input table --mode {mode} --skip-bad-records 1 --quiet --overwrite --output out"
            ));
            fs::remove_dir_all(cli.scratch.path("out/_skipped")).unwrap();
            let lines = String::from_utf8(cli.output("out")).unwrap().lines().count();
            assert_eq!(lines, 2, "{job}, {mode}");
            fs::remove_dir_all(cli.scratch.path("out")).unwrap();
        }
    }
}

#[test]
fn real_flights_are_joined_with_their_airports_as_a_plain_program_does() {
    let Some(tables) = data("tables/nycflights13") else { return };
    let (flights, airports) = (tables.join("flights_2013_jan_feb.csv"), tables.join("airports.csv"));
    let names: BTreeMap<String, String> = fs::read_to_string(&airports)
        .unwrap()
        .lines()
        .skip(1)
        .map(|row| (row.split(',').next().unwrap().to_owned(), row.split(',').nth(1).unwrap().to_owned()))
        .collect();
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    let text = fs::read_to_string(&flights).unwrap();
    text.lines().skip(1).for_each(|row| *counts.entry(row.split(',').nth(13).unwrap()).or_default() += 1);
    let cli = Cli::new();
    let join = format!("join --header --left {} --right {} --on dest=faa", flights.display(), airports.display());
    for (how, matching) in [("anti", false), ("semi", true)] {
        cli.succeed(&format!("run {join} --how {how} --quiet --overwrite --output joined"));
        cli.succeed(
            "run aggregate --input joined --format tsv --group-by 14 --reducers 1 --quiet --overwrite --output out",
        );
        let expected: String = counts
            .iter()
            .filter(|(dest, _)| names.contains_key(**dest) == matching)
            .map(|(dest, count)| format!("{dest}\t{count}\n"))
            .collect();
        assert_eq!(String::from_utf8(cli.output("out")).unwrap(), expected, "{how}");
    }
}
