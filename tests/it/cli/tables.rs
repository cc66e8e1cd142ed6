//! Tables as people have them: separators, quotes, titles, labels, and numbers that are too large.

use std::fs;

use super::{Cli, MODES};

/// Modes and settings that cut an input in different ways.
const SETTINGS: [&str; 3] = [
    "--mode reference --reducers 1",
    "--mode disk --reducers 3 --split-size 1 --workers 2",
    "--mode memory --reducers 2 --split-size 7 --workers 1",
];

/// The output of a job on these files, which is the same with all settings.
#[track_caller]
fn answer(files: &[(&str, &str)], job: &str) -> String {
    let cli = with_files(files);
    let outputs = SETTINGS.map(|settings| {
        cli.succeed(&format!("run {job} {settings} --input input --output out --overwrite --quiet"));
        String::from_utf8(cli.output("out")).unwrap()
    });
    for (settings, output) in SETTINGS.iter().zip(&outputs) {
        assert_eq!(output, &outputs[0], "{job} {settings}");
    }
    outputs[0].clone()
}

/// A job fails on these files with all settings, and says all of this.
#[track_caller]
fn refused(files: &[(&str, &str)], job: &str, says: &[&str]) {
    let cli = with_files(files);
    for settings in SETTINGS {
        cli.fail(1, &format!("run {job} {settings} --input input --output out")).says(says);
    }
}

fn with_files(files: &[(&str, &str)]) -> Cli {
    let cli = Cli::new();
    for (name, text) in files {
        fs::write(cli.scratch.path("input").join(name), text).unwrap();
    }
    cli
}

#[track_caller]
fn mean(table: &str, options: &str, expected: &str) {
    assert_eq!(
        answer(&[("table", table)], &format!("kmeans --k 1 {options}")),
        format!("0\t{expected}\n"),
        "{table:?}"
    );
}

#[track_caller]
fn table_refused(table: &str, options: &str, says: &[&str]) {
    refused(&[("table", table)], &format!("kmeans --k 1 {options}"), says);
}

#[test]
fn quoted_fields_hold_separators_and_quotes() {
    mean("\"a,1,b\",1.5\n\"c,2,d\",2.5\n", "--columns 2", "2\t2.0");
    mean("\"say \"\"hi\"\"\",1\n\"\"\"\",3\n", "--columns 2", "2\t2.0");
    mean("\"1\" , \"3\"\r\n\"3\",\"5\"\r\n", "", "2\t2.0,4.0");
    mean("\"a\tb\"\t1\n\"c\"\t2\n", "--columns 2", "2\t1.5");
    mean("\"a b\" 1\nc   3\n", "--columns 2", "2\t2.0");
    mean("5\" nail,1\n\"3\"\" nail\",2\n", "--columns 2", "2\t1.5");
    mean("\"1,5\";1\n\"a;b\";2\n", "--columns 2", "2\t1.5");
}

#[test]
fn a_quoted_field_that_does_not_end_is_an_error_at_its_line() {
    let what = "a quoted field goes on beyond its line";
    table_refused("1,2\n3,\"4\n5\",6\n", "", &["input/table at offset 4", what]);
    table_refused("\"a,1\n\"b\",2\n", "--columns 2", &["offset 0", what]);
    table_refused("\"x\ny\",z\n1,2\n", "--header", &["offset 0", what]);
    table_refused("1,2\n\"3\"4,5\n", "", &["offset 4", "the quote that ends a field"]);
}

#[test]
fn the_separator_is_found_out_once_and_told() {
    let cli = Cli::with_input("1;2\n3;4\n");
    for (mode, rest) in [("disk", ""), ("memory", ""), ("reference", "")] {
        let options = "--k 1 --input input --output out --overwrite --report report.json";
        let said = cli.succeed(&format!("run kmeans {options} --mode {mode} {rest}"));
        said.says(&["guessed   header none, separator semicolon"]);
        let expected = serde_json::json!({"header": "none", "separator": "semicolon"});
        assert_eq!(cli.json("report.json")["guessed"], expected, "{mode}");
    }
    let told = "run kmeans --k 1 --separator semicolon --header --input input --output out2 --report report.json";
    assert!(!cli.succeed(told).stderr.contains("guessed"));
    assert!(cli.json("report.json")["guessed"].is_null());
}

#[test]
fn a_separator_can_be_said() {
    mean("1|2\n3|4\n", "--separator |", "2\t2.0,3.0");
    mean("a,1;5\nb,3;5\n", "--separator semicolon --columns 2", "2\t5.0");
    mean("a b\t1\nc\t3\n", "--separator tab --columns 2", "2\t2.0");
    table_refused("a;1;b,2,c\nd;3;e,4,f\n", "--columns 2", &["comma", "semicolon", "--separator"]);
    let cli = Cli::with_input("1,2\n");
    for wrong in ["x", "7", "commas", "\""] {
        cli.fail(2, &format!("run kmeans --k 1 --separator {wrong} --input input --output out")).says(&["--separator"]);
    }
}

#[test]
fn a_title_that_was_not_announced_is_hinted_at() {
    table_refused("x,y\n1,2\n", "", &["offset 0", "column 1", "'x'", "looks like a title", "--header"]);
    mean("x,y\n1,2\n", "--header", "1\t1.0,2.0");
    mean("\"x\",\"a, b\"\r\n1,2\r\n", "--header", "1\t1.0,2.0");
    table_refused("x,y\n", "--header", &["no rows below its header"]);
    table_refused("", "", &["no rows"]);
}

#[test]
fn every_file_has_the_same_title_or_is_refused() {
    let kmeans = "kmeans --k 1 --header";
    let same = [("a", "x,y\n1,2\n"), ("b", "\"x\" , y\r\n3,4\n"), ("c", ""), ("d", "x,y\n")];
    assert_eq!(answer(&same, kmeans), "0\t2\t2.0,3.0\n");
    let turned = [("a", "x,y\n1,2\n"), ("b", "y,x\n4,3\n")];
    refused(&turned, kmeans, &["input/b", "the header is not that of input/a"]);
    refused(&[("a", "x,y\n1,2\n"), ("b", "3,4\n5,6\n")], kmeans, &["input/b", "header"]);
    let unused = [("a", "x,when\n1,2\n"), ("b", "x,where\n3,4\n")];
    assert_eq!(answer(&unused, "kmeans --k 1 --header --columns 1"), "0\t2\t2.0\n");
}

#[test]
fn files_with_other_separators_are_refused_by_name() {
    let files = [("a", "1,2\n3,4\n"), ("b", "5;6\n")];
    refused(&files, "kmeans --k 1", &["input/b at offset 0", "semicolon", "comma"]);
    let files = [("a", "1\t2\n3\t4\n"), ("b", "5 6\n")];
    refused(&files, "kmeans --k 1", &["input/b at offset 0", "space", "tab"]);
}

#[test]
fn a_bad_first_row_does_not_make_the_others_bad() {
    let cli = Cli::with_input("1\n1,2\n3,4\n\"5,6\n5,6\n");
    for mode in ["disk", "memory"] {
        let options = "--k 1 --reducers 1 --skip-bad-records 2 --input input --output out --overwrite --report report.json --quiet";
        cli.succeed(&format!("run kmeans {options} --mode {mode}"));
        assert_eq!(fs::read(cli.scratch.path("out/part-r-00000")).unwrap(), b"0\t3\t3.0,4.0\n");
        assert_eq!(cli.json("report.json")["user_counters"]["twinmill"]["SKIPPED_RECORDS"], 2);
    }
    table_refused("1\n1,2\n3,4\n", "", &["offset 0", "1 fields where most of the first rows have 2"]);
}

#[test]
fn rows_that_are_all_bad_leave_no_model() {
    let cli = Cli::with_input("1,x\n2,y\n");
    for job in ["logreg", "logreg --standardize", "kmeans --k 1", "kmeans --k 1 --standardize"] {
        for mode in ["disk", "memory"] {
            cli.fail(1, &format!("run {job} --mode {mode} --skip-bad-records 9 --input input --output out"));
        }
    }
}

#[test]
fn cells_that_are_no_number_are_shown_with_their_column() {
    for (cell, hint) in [
        ("NA", ""),
        ("NaN", ""),
        ("", "the cell is empty"),
        ("\"\"", "the cell is empty"),
        ("1e400", ""),
        ("-inf", ""),
        ("0x10", ""),
        ("1_000", ""),
        ("\"1,5\"", "a point before their decimals"),
        ("\"1,234,567\"", "nothing between thousands"),
        ("\u{2212}5", "minus sign"),
    ] {
        let shown = format!("'{}'", cell.trim_matches('"'));
        table_refused(&format!("1,2\n3,{cell}\n"), "", &["input/table at offset 4: column 2", &shown, hint]);
    }
    table_refused("1;2\n1,5;2,5\n", "--separator ;", &["column 1: '1,5'", "a point before their decimals"]);
    table_refused("1,5;2,5\n", "", &["--separator"]);
    table_refused("1,2\r3,4\r", "", &["a CR alone ends no line"]);
    table_refused("1\t2\n\t\n", "", &["offset 4", "empty"]);
}

#[test]
fn labels_that_match_nothing_are_an_error() {
    refused(&[("t", "yes,1\nno,2\n")], "logreg", &["'no', 'yes'", "--positive VALUE"]);
    refused(&[("t", "yes,1\nno,2\n")], "logreg --iterations 0", &["'no', 'yes'", "--positive VALUE"]);
    refused(&[("t", "1,1\n1.0,2\n")], "logreg", &["every label is '1'", "'1', '1.0'"]);
    refused(&[("t", "1,1\n,2\n0,3\n")], "logreg", &["input/t at offset 4", "column 1: the label is empty"]);
    refused(&[("t", "1,1\n\"\",2\n0,3\n")], "logreg", &["offset 4", "the label is empty"]);
    let cli = Cli::with_input("1,2\n");
    cli.fail(2, "run logreg --positive= --input input --output out").says(&["--positive"]);
}

#[test]
fn labels_match_by_what_is_within_their_quotes() {
    let plain = answer(&[("t", "1,1.5\n0,1.6\n")], "logreg");
    assert_eq!(answer(&[("t", "\"1\",1.5\n\"no, not\",1.6\n")], "logreg"), plain);
    let cli = Cli::with_input("\"say \"\"hi\"\"\",1.5\nno,1.6\n");
    for mode in ["disk", "memory", "reference"] {
        let mut command =
            cli.command(&format!("run logreg --mode {mode} --input input --output out --overwrite --quiet"));
        assert!(command.args(["--positive", "say \"hi\""]).status().unwrap().success());
        assert_eq!(String::from_utf8(cli.output("out")).unwrap(), plain);
    }
}

#[test]
fn what_was_made_of_the_labels_is_told() {
    let cli = Cli::with_input("1,1\n0,2\n2,3\n1.0,4\n");
    for mode in ["disk", "memory", "reference"] {
        let run = format!("run logreg --mode {mode} --input input --output out --overwrite --report report.json");
        let note = "of 4 rows 2 are positive, labelled '1', '1.0'; 2 negative, labelled '0', '2'";
        cli.succeed(&run).says(&[note]);
        let report = cli.json("report.json");
        assert_eq!((&report["notes"][0], &report["guessed"]["positive"]), (&note.into(), &"1".into()), "{mode}");
    }
}

#[test]
fn results_that_no_number_can_hold_are_errors() {
    let large = "1,1e200\n0,2e200\n1,-1e200\n";
    refused(&[("t", large)], "logreg --standardize", &["column 2", "too large", "scale the input"]);
    refused(
        &[("t", "1,1e300\n0,-1e300\n")],
        "logreg --learning-rate 1e10",
        &["iteration 1: weight 1", "--standardize"],
    );
    refused(&[("t", "1e200,1\n-1e200,2\n5,5\n")], "kmeans --k 2", &["iteration 1", "distance", "scale the input"]);
    refused(&[("t", "1e308\n1e308\n")], "kmeans --k 1", &["iteration 1", "sum", "scale the input"]);
    refused(&[("t", "1e-200\n2e-200\n5e-200\n")], "kmeans --k 2", &["iteration 1", "too near", "scale the input"]);
    refused(&[("t", "1e308\n1e308\n")], "kmeans --k 1 --standardize", &["column 1", "too large"]);
    refused(&[("t", "1e-200\n3e-200\n")], "kmeans --k 2 --standardize", &["column 1", "too small"]);
}

#[test]
fn a_constant_column_is_scaled_to_zero() {
    assert_eq!(answer(&[("t", "0.1,1\n0.1,3\n0.1,2\n")], "kmeans --k 1 --standardize"), "0\t3\t0.0,0.0\n");
}

#[test]
fn centroids_are_a_table_of_their_own() {
    let cli = Cli::with_input("0\t0\n10\t10\n");
    let run =
        |mode: &str| format!("run kmeans --k 2 --centroids seeds --mode {mode} --input input --output out --overwrite");
    for seeds in ["\"1\";1\r\n9;9\r\n", "1 1\n9 9", "\n1,1\n\n9,9\n"] {
        fs::write(cli.scratch.path("seeds"), seeds).unwrap();
        for mode in ["disk", "memory", "reference"] {
            cli.succeed(&run(mode));
            assert_eq!(cli.output("out"), b"0\t1\t0.0,0.0\n1\t1\t10.0,10.0\n", "{seeds:?} {mode}");
        }
    }
    fs::remove_dir_all(cli.scratch.path("out")).unwrap();
    for (seeds, says) in [
        ("x,y\n1,1\n9,9\n", "looks like a title, which this file must not have"),
        ("1,1\n9,inf\n", "'inf' is no finite number"),
        ("1,1\n", "has 1 centroids"),
        ("", "no rows"),
    ] {
        fs::write(cli.scratch.path("seeds"), seeds).unwrap();
        for mode in ["disk", "memory", "reference"] {
            cli.fail(1, &run(mode)).says(&["seeds", says]);
        }
    }
}

#[test]
fn columns_that_cannot_be_are_refused_at_once() {
    let cli = Cli::with_input("1,2,3\n");
    for columns in ["0", "5-3", "x", "1-1048577", "", "1,", "-1", "2,2", "1-1048576,7"] {
        cli.fail(2, &format!("run kmeans --k 1 --columns={columns} --input input --output out"));
    }
    for columns in ["99", "1-1048576", "3-4"] {
        let ended = cli.fail(1, &format!("run kmeans --k 1 --columns {columns} --input input --output out"));
        ended.says(
            &["there is no column 4: input/data.txt has 3"]
                .map(|says| if columns == "99" { "no column 99" } else { says }),
        );
    }
    cli.fail(1, "run logreg --label-column 99 --input input --output out").says(&["no column 99"]);
    for option in
        ["--label-column 0", "--learning-rate 0", "--learning-rate nan", "--learning-rate=-1", "--iterations x"]
    {
        cli.fail(2, &format!("run logreg {option} --input input --output out"));
    }
    for option in ["--k 0", "--iterations 0", "--tolerance nan", "--tolerance=-1", "--tolerance inf"] {
        cli.fail(2, &format!("run kmeans {option} --input input --output out"));
    }
}

/// Jobs on tables of any cells, and models of tables of numbers, each with the options that it needs besides a column.
const TABLE_JOBS: [&str; 4] = ["select", "aggregate", "secondary-sort --order 1", "join"];
const MODELS: [&str; 7] = ["kmeans --k 1", "logreg", "linear", "svm", "statistics", "pca", "gmm --k 1"];

/// The command that runs a job on a file, whose result is `out`.
fn on_file(job: &str, file: &str, mode: &str) -> String {
    let input =
        if job.starts_with("join") { format!("--left {file} --right {file}") } else { format!("--input {file}") };
    format!("run {job} {input} --mode {mode} --quiet --overwrite --output out")
}

/// Options that name a column.
fn naming(column: &str) -> Vec<String> {
    let options = [
        "select --columns C",
        "select --where C=1",
        "aggregate --group-by C",
        "aggregate --agg sum:C",
        "secondary-sort --key C --order 1",
        "secondary-sort --order C:desc",
        "join --on C",
        "join --on 1=C",
        "kmeans --k 1 --columns C",
        "logreg --label-column C",
        "linear --label-column C",
        "linear --columns C",
        "svm --label-column C",
        "statistics --columns C",
        "pca --columns C",
        "gmm --k 1 --columns C",
    ];
    options.iter().map(|option| option.replace('C', column)).collect()
}

#[test]
fn a_column_that_is_not_there_is_answered_with_those_of_its_file() {
    let cli = with_files(&[("t", "name,births\n1,2\n0,3\n")]);
    for mode in MODES {
        for job in naming("brith") {
            let ended = cli.fail(1, &on_file(&format!("{job} --header"), "input/t", mode));
            ended.says(&["no column brith: the header of input/t has 'name', 'births'; did you mean 'births'?"]);
        }
        for job in naming("7") {
            let ended = cli.fail(1, &on_file(&format!("{job} --header"), "input/t", mode));
            ended.says(&["there is no column 7: input/t has 2"]);
        }
    }
}

#[test]
fn a_name_of_a_column_without_a_header_is_a_usage_error() {
    let cli = with_files(&[("t", "1,2\n0,3\n")]);
    for mode in MODES {
        for job in naming("births") {
            let ended = cli.fail(2, &on_file(&job, "input/t", mode));
            ended.says(&[
                "births: columns have names only where there is a header",
                "pass --header, or the column's number",
            ]);
        }
    }
}

#[test]
fn a_table_without_rows_is_a_table_and_no_model() {
    for (table, name) in [("x,y\n", "y"), ("x\ty\n", "y"), ("x\n", "x")] {
        let cli = with_files(&[("t", table)]);
        for mode in MODES {
            for job in TABLE_JOBS {
                cli.succeed(&on_file(&format!("{job} --header"), "input/t", mode));
                assert_eq!(cli.output("out"), b"", "{job} {mode}");
            }
            cli.succeed(&on_file(&format!("select --columns {name} --header"), "input/t", mode));
            for job in ["--how full", "--how left", "--strategy broadcast"] {
                cli.succeed(&on_file(&format!("join --header --on {name} {job}"), "input/t", mode));
                assert_eq!(cli.output("out"), b"", "{job} {mode}");
            }
            fs::remove_dir_all(cli.scratch.path("out")).unwrap();
            for job in MODELS {
                let ended = cli.fail(1, &on_file(&format!("{job} --header"), "input/t", mode));
                ended.says(&["the input has no rows below its header: input/t"]);
            }
        }
    }
    let cli = with_files(&[("t", "")]);
    for mode in MODES {
        for job in TABLE_JOBS.iter().chain(&MODELS) {
            cli.fail(1, &on_file(job, "input/t", mode)).says(&["the input has no rows: input/t"]);
        }
        for (job, what) in [("als", "ratings"), ("naive-bayes", "texts")] {
            cli.fail(1, &on_file(job, "input/t", mode)).says(&[&format!("the input has no {what}: input/t")]);
        }
    }
}

#[test]
fn what_is_wrong_with_a_cell_is_said_with_its_line() {
    for (job, good, bad) in [
        ("top", "a\t1\n", "b\tx"),
        ("degrees --ids number", "1\t2\n", "3\tx"),
        ("pagerank --ids number", "1\t2\n", "3\tx"),
        ("components --ids number", "1\t2\n", "x\t3"),
        ("bfs --source 1 --ids number", "1\t2\n", "3\tx"),
        ("triangles --ids number", "1\t2\n", "3\tx"),
        ("common-friends --ids number", "1\t2\n", "3\tx"),
        ("matrix-multiply", "A\t0\t1\t2\n", "A\t0\t2\tx"),
        ("als", "u\ti\t1\n", "u\tj\tx"),
        ("naive-bayes", "a\tx\n", "\tx"),
        ("aggregate --agg sum:2", "a,1\n", "b,x"),
        ("select", "a,1\n", "b,\"x\"y"),
        ("secondary-sort", "a,1\n", "b,x,y"),
        ("kmeans --k 1", "1,2\n", "1,x"),
        ("statistics", "1,2\n", "1,\"x\"y"),
        ("logreg", "1,2\n", ",3"),
        ("linear", "1,2\n", "1,2,3"),
        ("svm --null NA", "1,2\n", "NA,3"),
    ] {
        let cli = with_files(&[("t", &format!("{good}{bad}\n"))]);
        for mode in MODES {
            let ended = cli.fail(1, &on_file(job, "input/t", mode));
            let shown = format!(", in '{}'", bad.replace('\t', "\\t"));
            ended.says(&[&format!("input/t at offset {}: ", good.len()), &shown]);
        }
    }
}

#[test]
fn a_field_of_several_lines_is_refused_by_every_model() {
    let cli = with_files(&[("t", "1,2\n0,3\n1,\"4\n5\"\n")]);
    for mode in MODES {
        for job in MODELS {
            let ended = cli.fail(1, &on_file(job, "input/t", mode));
            ended.says(&[
                "input/t at offset 8: a quoted field goes on beyond its line, in '1,\"4'",
                "no field of it may hold",
            ]);
        }
    }
}

#[test]
fn a_table_without_a_separator_is_noted_unless_its_format_is_said() {
    let cli = with_files(&[("t", "plain text\nof two lines\n")]);
    for mode in MODES {
        for job in ["join", "select", "aggregate"] {
            let run = on_file(job, "input/t", mode).replace(" --quiet", "");
            cli.succeed(&run).says(&["input/t is read as a table of one column"]);
            assert!(!cli.succeed(&format!("{run} --format csv")).stderr.contains("of one column"), "{job} {mode}");
        }
    }
}
