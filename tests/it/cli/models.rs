//! Models of tables, against oracles of their own.

use std::fs;
use std::path::Path;

use super::Cli;
use crate::real_data::data;

/// Settings that cut an input in different ways.
const SETTINGS: [&str; 4] = [
    "--mode reference --reducers 3",
    "--mode disk --reducers 1 --split-size 100 --sort-buffer 64k",
    "--mode memory --reducers 3 --split-size 70",
    "--mode memory --reducers 7 --workers 1",
];

/// The fields of each line of a job's output, which is the same with all settings.
#[track_caller]
fn answer(cli: &Cli, job: &str) -> Vec<Vec<String>> {
    let outputs = SETTINGS.map(|settings| {
        cli.succeed(&format!("run {job} {settings} --output out --overwrite --quiet"));
        String::from_utf8(cli.output("out")).unwrap()
    });
    for (settings, output) in SETTINGS.iter().zip(&outputs) {
        assert_eq!(output, &outputs[0], "{job} {settings}");
    }
    outputs[0].lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

fn numbers(line: &[String]) -> Vec<f64> {
    line.iter().flat_map(|field| field.split(',')).map(|field| field.parse().unwrap()).collect()
}

#[track_caller]
fn assert_near(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (found_one, one) in found.iter().zip(expected) {
        assert!((found_one - one).abs() <= 1e-9 * one.abs().max(1.0), "{found:?} is not {expected:?}");
    }
}

/// All settings fail, and say this.
#[track_caller]
fn refused(table: &str, job: &str, says: &[&str]) {
    let cli = Cli::with_input(table);
    for settings in SETTINGS {
        cli.fail(1, &format!("run {job} {settings} --input input --output out")).says(says);
    }
}

#[test]
fn statistics_are_those_of_each_column() {
    let cli = Cli::with_input("x,name,y\n1,a,1000000010\n2,b,1000000030\n6,c,1000000020\n");
    let lines = answer(&cli, "statistics --header --columns 3,1 --input input");
    assert_near(&numbers(&lines[0]), &[1.0, 3.0, 1_000_000_020.0, (200.0f64 / 3.0).sqrt(), 1e9 + 10.0, 1e9 + 30.0]);
    assert_near(&numbers(&lines[1]), &[2.0, 3.0, 3.0, (14.0f64 / 3.0).sqrt(), 1.0, 6.0]);
    let lines = answer(&cli, "statistics --header --columns 1 --sample --input input");
    assert_near(&numbers(&lines[0]), &[1.0, 3.0, 3.0, 7.0f64.sqrt(), 1.0, 6.0]);
    refused("1\n", "statistics --sample", &["one row has no deviation"]);
    refused("1e308\n1e308\n", "statistics", &["column 1", "too large for a number"]);
    refused("1,2\n3,x\n", "statistics", &["data.txt at offset 4", "'x' is no finite number"]);
}

#[test]
fn columns_have_names_and_a_null_counts_nowhere() {
    let cli = Cli::with_input("id\ty\tx1\nu\t7\t1\nv\t9\t2\nw\t4\tNA\n");
    let by_name = answer(&cli, "statistics --header --null NA --columns y,x1 --input input");
    assert_near(&numbers(&by_name[0]), &[1.0, 3.0, 20.0 / 3.0, (114.0f64 / 27.0).sqrt(), 4.0, 9.0]);
    assert_near(&numbers(&by_name[1]), &[2.0, 2.0, 1.5, 0.5, 1.0, 2.0]);
    assert_eq!(by_name, answer(&cli, "statistics --header --format tsv --null NA --columns 2-3 --input input"));
    refused("x\n1\nNA\n", "statistics --header", &["offset 4", "'NA' is no finite number"]);
    refused("a,b\n1,\n", "statistics --header", &["column 2 has no values"]);
    refused("x,y\n1,-9\n", "kmeans --k 1 --header --null -9", &["column 2: '-9'", "the row lacks a value"]);
    refused("k,x\nNA,1\nyes,2\n", "svm --header --null NA --positive yes", &["the row has no label: 'NA'"]);
    refused("amount,y\n1,2\n", "kmeans --k 1 --header --columns amuont", &["did you mean 'amount'?"]);
    refused("1 2\n3 4\n", "statistics --format csv", &["'1 2' is no finite number"]);
}

#[test]
fn a_label_column_has_a_name() {
    let cli = Cli::with_input("x,kind,y\n1,yes,5\n-1,no,1\n3,yes,9\n");
    for (job, by_number, by_name) in [
        ("linear --columns 1", "3", "y"),
        ("svm --positive yes --columns x,3", "2", "kind"),
        ("logreg --positive yes", "2", "kind"),
    ] {
        let run = |label: &str| answer(&cli, &format!("{job} --header --label-column {label} --input input"));
        assert_eq!(run(by_number), run(by_name), "{job}");
    }
    cli.fail(1, "run linear --header --columns x --label-column z --input input")
        .says(&["there is no column z: the header of input/data.txt has 'x', 'kind', 'y'"]);
    cli.fail(2, "run linear --format csv --separator tab --input input").says(&["--separator"]);
}

#[test]
fn a_plane_without_errors_is_found_and_one_with_errors_is_tried() {
    let table: String = (0..40).map(|i| format!("{} {} {}\n", i % 7, 3 + 2 * (i % 7) - i % 5, i % 5)).collect();
    let cli = Cli::with_input(&table);
    let lines = answer(&cli, "linear --label-column 2 --input input");
    assert_near(&numbers(&lines.concat()), &[0.0, 3.0, 1.0, 2.0, 2.0, -1.0]);
    fs::write(cli.scratch.path("test"), "0 4 0\n1 4 0\n").unwrap();
    let told = cli.succeed("run linear --label-column 2 --input input --test test --mode memory");
    // The plane says 3 and 5.
    let said = "error on test: root of the mean square 1, no R², since all rows have the same number to be explained, of 2 rows";
    assert!(told.stderr.contains(said), "{}", told.stderr);
    fs::write(cli.scratch.path("test"), "0 4 0\n1e200 4e200 0\n").unwrap();
    cli.fail(1, "run linear --label-column 2 --input input --test test").says(&["--test test", "so large"]);
    fs::write(cli.scratch.path("test"), "0 4\n").unwrap();
    cli.fail(1, "run linear --label-column 2 --input input --test test")
        .says(&["test", "it has 1 features; 2 are needed"]);
    refused("1 2 2\n2 3 3\n5 4 4\n", "linear", &["column 3 is the same", "--ridge"]);
    refused("1 2\n", "linear --label-column 3", &["--label-column 3"]);
}

#[test]
fn components_are_the_axes_of_an_ellipse() {
    // Along (3, 4), three times as far as across it.
    let points = [(9.0, 12.0), (-9.0, -12.0), (4.0, -3.0), (-4.0, 3.0)];
    let table: String = points.iter().map(|(x, y)| format!("{},{}\n", x + 100.0, y - 7.0)).collect();
    let cli = Cli::with_input(table);
    let lines = answer(&cli, "pca --input input");
    assert_near(&numbers(&lines[0]), &[1.0, 150.0, 0.9, 0.6, 0.8]);
    assert_near(&numbers(&lines[1]), &[2.0, 50.0 / 3.0, 0.1, 0.8, -0.6]);
    let told = cli.succeed("run pca --k 1 --input input --test input/data.txt").stderr;
    assert!(told.contains("error on input/data.txt: mean square of the distance"), "{told}");
    refused("1,2\n", "pca", &["one row has no variance"]);
    refused("1,2\n1,2\n", "pca", &["all rows are the same"]);
    refused("1,2\n1,3\n", "pca --k 3", &["there are only 2 columns"]);
}

#[test]
fn a_machine_with_two_rows_has_the_margin_between_them() {
    // At 1 and -1 the cost is w²/2 + 2 C (1-w)², which is least at 4C/(1+4C).
    let cli = Cli::with_input("yes,1\nno,-1\n");
    let lines = answer(&cli, "svm --positive yes --c 2 --input input");
    assert_near(&numbers(&lines.concat()), &[0.0, 0.0, 1.0, 8.0 / 9.0]);
    fs::write(cli.scratch.path("test"), "yes,3\nno,2\nno,-2\nyes,0.5\n").unwrap();
    let told = cli.succeed("run svm --positive yes --input input --test test").stderr;
    assert!(told.contains("accuracy on test: 0.75 (3 of 4 rows)"), "{told}");
    refused("yes,1\nno,2\n", "svm", &["no label is '1'", "--positive"]);
}

/// The slope of the machine's cost at these weights, in units of its parts.
fn slope(path: &Path, weights: &[f64], positive: &str) -> f64 {
    let text = fs::read_to_string(path).unwrap();
    let mut slope = weights.to_vec();
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let (label, features) = fields.split_last().unwrap();
        let row: Vec<f64> = std::iter::once(1.0).chain(features.iter().map(|field| field.parse().unwrap())).collect();
        let side = if *label == positive { 1.0 } else { -1.0 };
        let missing = 1.0 - side * row.iter().zip(weights).map(|(x, weight)| x * weight).sum::<f64>();
        if missing > 0.0 {
            slope.iter_mut().zip(&row).for_each(|(slope, x)| *slope -= 2.0 * side * missing * x);
        }
    }
    slope.iter().map(|slope| slope.abs()).fold(0.0, f64::max)
}

#[test]
fn the_machine_of_real_data_costs_least() {
    let Some(path) = data("ml/breast_cancer.csv") else { return };
    let cli = Cli::new();
    let lines = answer(&cli, &format!("svm --header --label-column 31 --input {}", path.display()));
    let weights: Vec<f64> = lines.iter().map(|line| line[1].parse().unwrap()).collect();
    // Single rows pull by up to some thousands.
    assert!(slope(&path, &weights, "1") < 1e-5, "{}", slope(&path, &weights, "1"));
}

#[test]
fn words_have_their_shares_in_each_class() {
    let cli = Cli::with_input("spam\tbuy now\n\nham\tsee you now\nspam\tbuy buy\r\n");
    // Five words are known; spam has four of them, counted, and ham three.
    let mut lines = answer_by_lines(&cli, "naive-bayes --alpha 0.5 --input input");
    lines.sort();
    let line = |class: &str, word: &str| {
        let found = lines.iter().find(|line| line[0] == class && line[1] == word);
        found.unwrap_or_else(|| panic!("{class} {word}"))[2].parse::<f64>().unwrap()
    };
    assert_eq!(lines.len(), 2 * (1 + 4));
    let expected = [
        ("spam", "", (2.0f64 / 3.0).ln()),
        ("ham", "", (1.0f64 / 3.0).ln()),
        ("spam", "buy", (3.5f64 / 6.0).ln()),
        ("ham", "buy", (0.5f64 / 5.0).ln()),
        ("ham", "now", (1.5f64 / 5.0).ln()),
    ];
    for (class, word, logarithm) in expected {
        assert_near(&[line(class, word)], &[logarithm]);
    }
    fs::write(cli.scratch.path("test"), "spam\tbuy it\nham\tyou see\nham\tbuy\n").unwrap();
    let told = cli.succeed("run naive-bayes --input input --test test").stderr;
    assert!(told.contains("accuracy on test: 0.6666666666666666 (2 of 3 texts)"), "{told}");
    refused("spam\tbuy\nno class\n", "naive-bayes", &["data.txt at offset 9", "'no class' is no labelled text"]);
    refused("\tbuy\n", "naive-bayes", &["the class is empty"]);
    refused("a\tbuy\n", "naive-bayes", &["every text is of class 'a'"]);
}

/// The fields of the lines of a job's output, which has the same lines with all settings.
#[track_caller]
fn answer_by_lines(cli: &Cli, job: &str) -> Vec<Vec<String>> {
    let outputs = SETTINGS.map(|settings| {
        cli.succeed(&format!("run {job} {settings} --output out --overwrite --quiet"));
        let mut lines: Vec<String> = String::from_utf8(cli.output("out")).unwrap().lines().map(str::to_owned).collect();
        lines.sort();
        lines
    });
    for (settings, output) in SETTINGS.iter().zip(&outputs) {
        assert_eq!(output, &outputs[0], "{job} {settings}");
    }
    outputs[0].iter().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

#[test]
fn sparse_matrices_are_multiplied() {
    // A has a place with two numbers; B has a row without a column of A.
    let cli =
        Cli::with_input("A\t0\t1\t2\nB\t1\t5\t3\nA\t7\t1\t-1\nA\t0\t1\t0.5\nB\t9\t9\t1\nA\t0\t2\t4\nB\t2\t5\t-1.875\n");
    let lines = answer_by_lines(&cli, "matrix-multiply --input input");
    assert_eq!(lines, [["0", "5", "0.0"], ["7", "5", "-3.0"]]);
    for (line, says) in [
        ("A\t0\t1\n", "a line is A or B, row, column and value"),
        ("C\t0\t1\t2\n", "the matrix is A or B, not 'C'"),
        ("A\t0\t-1\t2\n", "'-1' is no index"),
        ("A\t0\t1\tx\n", "'x' is no finite number"),
        ("A\t0\t18446744073709551616\t1\n", "is no index"),
    ] {
        refused(&format!("A\t0\t1\t2\n{line}"), "matrix-multiply", &["data.txt at offset 8", says]);
    }
}

#[test]
fn an_entry_that_no_number_can_hold_is_named_at_once() {
    let cell = "row 7, column 9 of the product: ";
    refused(
        "A\t7\t3\t1e200\nB\t3\t9\t1e200\n",
        "matrix-multiply",
        &[cell, "1e200 of A's column 3 times 1e200 of B's row 3"],
    );
    let sum = "A\t7\t3\t1e308\nB\t3\t9\t1\nA\t7\t4\t1e308\nB\t4\t9\t1\n";
    refused(sum, "matrix-multiply", &[cell, "a sum of products is too large"]);
    for (table, job) in [(sum, "matrix-multiply"), ("u\ti\t1e308\nv\ti\t1e308\nu\tj\t1e308\n", "als")] {
        let cli = Cli::with_input(table);
        for mode in ["disk", "memory"] {
            cli.fail(1, &format!("run {job} --mode {mode} --input input --output out")).says(&[" attempt 0: "]);
        }
    }
}

#[test]
fn classes_that_are_none_do_not_become_a_huge_output() {
    let texts =
        |classes: usize| (0..4000).map(move |i| format!("{}\tw{} w{i}\n", i % classes, i % 7)).collect::<String>();
    refused(&texts(4000), "naive-bayes", &["4,000 classes in 4,000 texts make 16,004,000 lines", "another kind?"]);
    let cli = Cli::with_input(texts(400));
    for settings in SETTINGS {
        let ended = cli.succeed(&format!("run naive-bayes {settings} --input input --output out --overwrite"));
        ended.says(&["400 classes in 4,000 texts make 1,600,400 lines of output for 8,000 words of input"]);
    }
}

#[test]
fn a_mixture_finds_the_two_clouds() {
    let cloud = |x: f64, y: f64| {
        (0..50).map(move |i| format!("{},{}\n", x + f64::from(i * 7 % 11) / 10.0, y + f64::from(i * 3 % 7) / 10.0))
    };
    let text: String = cloud(0.0, 0.0).zip(cloud(100.0, 50.0)).flat_map(|(one, other)| [one, other]).collect();
    let cli = Cli::with_input(&text);
    let lines = answer(&cli, "gmm --k 2 --iterations 30 --tolerance 0 --input input");
    let rows: Vec<Vec<f64>> = text.lines().map(|line| line.split(',').map(|x| x.parse().unwrap()).collect()).collect();
    for (number, line) in lines.iter().enumerate() {
        let of: Vec<&Vec<f64>> = rows.iter().skip(number).step_by(2).collect();
        let mean = |at: usize| of.iter().map(|row| row[at]).sum::<f64>() / 50.0;
        let covariance = |a: usize, b: usize| {
            let sum: f64 = of.iter().map(|row| (row[a] - mean(a)) * (row[b] - mean(b))).sum();
            sum / 50.0 + if a == b { 1e-6 } else { 0.0 }
        };
        let (xy, means) = (covariance(0, 1), [mean(0), mean(1)]);
        let expected = [number as f64, 0.5, means[0], means[1], covariance(0, 0), xy, xy, covariance(1, 1)];
        assert_near(&numbers(line), &expected);
    }
    let told = cli.succeed("run gmm --k 2 --input input --test input/data.txt").stderr;
    assert!(told.contains("mean log-likelihood on input/data.txt: "), "{told}");
    refused("1,2\n1,2\n", "gmm --k 2", &["only 1 distinct points"]);
    refused("1,2\n1,3\n", "gmm --k 2 --regularize 0", &["a column is the same in all rows"]);
}

#[test]
fn traits_foretell_ratings_of_rank_one() {
    // Of users 1 to 4 and items 1 to 5, a rating is the product; some are left out.
    let ratings = (1..=4).flat_map(|user| (1..=5).map(move |item| (user, item)));
    let (test, learned): (Vec<_>, Vec<_>) = ratings.partition(|(user, item)| (user + item) % 5 == 0);
    let text = |ratings: &[(i32, i32)]| {
        ratings.iter().map(|(user, item)| format!("u{user}\ti{item}\t{}\n", user * item)).collect::<String>()
    };
    let cli = Cli::with_input(text(&learned));
    let job = "als --k 1 --lambda 1e-9 --iterations 60 --input input";
    let lines = answer_by_lines(&cli, job);
    let trait_of = |side: &str, id: String| -> f64 {
        lines.iter().find(|line| line[0] == side && line[1] == id).expect("it has traits")[2].parse().unwrap()
    };
    for (user, item) in test.iter().chain(&learned) {
        let foretold = trait_of("user", format!("u{user}")) * trait_of("item", format!("i{item}"));
        assert!((foretold - f64::from(user * item)).abs() < 1e-5, "{user} {item}: {foretold}");
    }
    fs::write(cli.scratch.path("test"), text(&test) + "u9\ti1\t3\n").unwrap();
    let told = cli.succeed(&format!("run {job} --test test")).stderr;
    assert!(told.contains("error on test: ") && told.contains("1 are of users or items that are not known"), "{told}");
    for (line, says) in [("u\ti\n", "user, item and rating"), ("u\ti\tx\n", "no finite number"), ("\ti\t1\n", "names")]
    {
        refused(&format!("u1\ti1\t2\n{line}"), "als", &["data.txt at offset 8", says]);
    }
}
