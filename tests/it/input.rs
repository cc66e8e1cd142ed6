//! The records that a job reads: splits, formats, directories, compressed files.

use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use twinmill::prelude::*;
use twinmill::{InputFormat, PieceReader};

use crate::harness::{MODES, Outcome, Scratch, assert_same_bytes};
use crate::sample_jobs::{lines, map_lines, word_count};

fn name_of(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// A job without reducers that writes each line with its file's name and its offset.
fn show_lines(inputs: &[PathBuf], config: &JobConfig) -> Result<Report> {
    let map = |line: Record<'_>| Ok(vec![((name_of(line.path()), line.offset()), line.to_vec())]);
    Job::map_only("lines", map_lines(map)).input(inputs).run(config)
}

/// The output of [`show_lines`] for one file.
fn shown_lines(name: &str, bytes: &[u8]) -> Vec<u8> {
    lines(bytes).flat_map(|(offset, line)| [format!("{name}\t{offset}\t").as_bytes(), line, b"\n"].concat()).collect()
}

fn read(scratch: &Scratch, inputs: &[PathBuf], split_bytes: Option<u64>) -> Outcome {
    let mut config = scratch.config(Mode::Memory);
    config.split_bytes = split_bytes;
    scratch.run(&config, |config| show_lines(inputs, config))
}

#[track_caller]
fn assert_lines_are_read(files: &[Vec<u8>], split_bytes: u64) {
    let scratch = Scratch::new();
    let mut expected = Vec::new();
    for (i, bytes) in files.iter().enumerate() {
        let name = format!("{i:02}.txt");
        scratch.write(&name, bytes);
        expected.extend(shown_lines(&name, bytes));
    }
    let actual = read(&scratch, &[scratch.input()], Some(split_bytes));
    assert_same_bytes(&actual.bytes(), &expected, format_args!("splits of {split_bytes} bytes"));
    let total: usize = files.iter().map(Vec::len).sum();
    assert_eq!(actual.report.input_bytes, total as u64);
    let records: usize = files.iter().map(|bytes| lines(bytes).count()).sum();
    assert_eq!(actual.report.counters.map_input_records, records as u64);
}

fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![3 => Just(b'\n'), 1 => Just(b'\r'), 1 => Just(0u8), 1 => Just(0xffu8), 6 => any::<u8>()];
    let is_marked = |bytes: &[u8]| bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    prop::collection::vec(byte, 0..120).prop_filter("a mark of another encoding", move |bytes| !is_marked(bytes))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn splits_of_any_size_own_each_line_once(files in prop::collection::vec(any_bytes(), 1..4), split_bytes in 1u64..150) {
        assert_lines_are_read(&files, split_bytes);
    }
}

/// Lengths around the sizes of reads: 256 KiB within a split, 16 KiB beyond its end.
fn any_line_length() -> impl Strategy<Value = usize> {
    prop_oneof![
        4 => 0usize..200,
        2 => (16usize << 10) - 3..(16 << 10) + 3,
        1 => (256usize << 10) - 3..(256 << 10) + 3,
        1 => 0usize..700_000,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn lines_longer_than_what_is_read_at_a_time_are_whole(
        lengths in prop::collection::vec(any_line_length(), 1..12),
        split_bytes in prop_oneof![10_000u64..300_000, Just(256 << 10), Just((256 << 10) - 1), Just((256 << 10) + 1)],
        final_newline in any::<bool>(),
    ) {
        let letters = (b'a'..=b'z').cycle();
        let line = |length: &usize| letters.clone().take(*length).chain([b'\n']).collect::<Vec<u8>>();
        let mut bytes: Vec<u8> = lengths.iter().flat_map(line).collect();
        if !final_newline {
            bytes.pop();
        }
        assert_lines_are_read(&[bytes], split_bytes);
    }
}

#[test]
fn a_line_longer_than_its_split_is_read_once() {
    for split_bytes in 1..=10 {
        assert_lines_are_read(&[b"a line longer than its split\nb\n".to_vec()], split_bytes);
    }
}

#[test]
fn a_split_that_begins_at_a_line_owns_it() {
    for split_bytes in [3, 4, 5, 8] {
        assert_lines_are_read(&[b"abc\ndef\nghi\n".to_vec()], split_bytes);
    }
}

#[test]
fn empty_lines_are_records_and_nothing_behind_the_last_newline_is() {
    let scratch = Scratch::with_input("\n\na\n\n");
    let outcome = read(&scratch, &[scratch.input()], Some(1));
    assert_eq!(outcome.text(), "data.txt\t0\t\ndata.txt\t1\t\ndata.txt\t2\ta\ndata.txt\t4\t\n");
}

#[test]
fn a_carriage_return_belongs_to_its_line() {
    let scratch = Scratch::with_input("a\r\nb\r");
    let outcome = read(&scratch, &[scratch.input()], None);
    assert_eq!(outcome.text(), "data.txt\t0\ta\r\ndata.txt\t3\tb\r\n");
}

#[test]
fn empty_files_and_empty_directories_have_no_records() {
    for mode in MODES {
        let scratch = Scratch::new();
        scratch.write("empty.txt", "");
        scratch.write("empty.gz", "");
        scratch.write("dir/_only_hidden", "x");
        let config = scratch.config(mode);
        let outcome = scratch.run(&config, |config| word_count().input(scratch.input().as_path()).run(config));
        let names: Vec<_> = outcome.parts.iter().map(|(name, bytes)| (name.as_str(), bytes.len())).collect();
        assert_eq!(names, [("part-r-00000", 0), ("part-r-00001", 0), ("part-r-00002", 0)]);
        assert_eq!(outcome.report.counters.map_input_records, 0);
        let outcome = scratch.run(&config, |config| show_lines(&[scratch.input()], config));
        // They are read all the same, by one map task: not every file system knows its files' sizes.
        assert_eq!(outcome.parts, [("part-m-00000".to_owned(), Vec::new())]);
    }
}

#[test]
fn directories_are_walked_in_byte_order_without_hidden_names() {
    let scratch = Scratch::new();
    for name in ["b.txt", "B.txt", "b/1", "a/z/deep", "a.txt", "_SUCCESS", ".hidden", "_logs/x", "c/.git/x"] {
        scratch.write(name, "x\n");
    }
    let outcome = read(&scratch, &[scratch.input()], None);
    let text = outcome.text();
    let names: Vec<_> = text.lines().map(|line| line.split('\t').next().unwrap()).collect();
    assert_eq!(names, ["B.txt", "a.txt", "deep", "b.txt", "1"]);
}

#[test]
fn a_hidden_name_that_is_asked_for_is_read() {
    let scratch = Scratch::new();
    let inputs = [scratch.write("_hidden", "a\n"), scratch.write(".dir/x", "b\n").parent().unwrap().to_owned()];
    assert_eq!(read(&scratch, &inputs, None).text(), "_hidden\t0\ta\nx\t0\tb\n");
}

#[test]
fn inputs_are_read_in_the_order_they_are_given_and_as_often() {
    let scratch = Scratch::new();
    let (a, b) = (scratch.write("a", "1\n"), scratch.write("b", "2\n"));
    let outcome = read(&scratch, &[b.clone(), a, b], None);
    assert_eq!(outcome.text(), "b\t0\t2\na\t0\t1\nb\t0\t2\n");
    assert_eq!(outcome.report.input_bytes, 6);
}

#[test]
fn links_are_followed_and_names_need_not_be_text() {
    let scratch = Scratch::new();
    let outside = scratch.path("input/real");
    scratch.write("real/x", "a\n");
    symlink(&outside, scratch.path("input/link")).unwrap();
    let odd = scratch.input().join(OsStr::from_bytes(b"odd\xff"));
    std::fs::write(&odd, "b\n").unwrap();
    assert_eq!(read(&scratch, &[scratch.input()], None).text(), "x\t0\ta\nodd\u{fffd}\t0\tb\nx\t0\ta\n");
}

#[test]
fn what_cannot_be_an_input_is_named_before_any_work() {
    let scratch = Scratch::with_input("a\n");
    symlink("nowhere", scratch.path("input/dangling")).unwrap();
    symlink("..", scratch.path("input/loop")).unwrap();
    let socket = scratch.path("input/socket");
    let _listener = UnixListener::bind(&socket).unwrap();
    for name in ["missing", "dangling", "loop", "socket", "data.txt/below"] {
        let path = scratch.input().join(name);
        let map = |_: Record<'_>| -> Result<Vec<(u64, u64)>> { panic!("a record was read") };
        let job = Job::map_only("never", map_lines(map));
        let job = job.input(vec![scratch.input().join("data.txt"), path.clone()]);
        let error = scratch.fail(&scratch.config(Mode::Disk), |config| job.run(config));
        assert!(matches!(&error, Error::Io { .. }), "{name}: {error:?}");
        assert!(error.to_string().contains(path.to_str().unwrap()), "{name}: {error}");
    }
}

/// Writes each record of 7 bytes with its offset.
#[derive(Clone)]
struct ShowFixed;

impl Mapper for ShowFixed {
    type Input = FixedLength<7>;
    type Key = u64;
    type Value = [u8];

    fn map(&mut self, record: Record<'_>, out: &mut impl Emit<u64, [u8]>) -> Result<()> {
        out.emit(record.offset(), record.bytes());
        Ok(())
    }
}

fn show_fixed(inputs: &[PathBuf], config: &JobConfig) -> Result<Report> {
    Job::map_only("fixed", ShowFixed).input(inputs).run(config)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn splits_of_any_size_own_each_record_of_fixed_length_once(
        records in prop::collection::vec(any::<[u8; 7]>(), 0..60),
        split_bytes in 1u64..100,
    ) {
        let bytes = records.concat();
        let scratch = Scratch::with_input(&bytes);
        let mut config = scratch.config(Mode::Memory);
        config.split_bytes = Some(split_bytes);
        let outcome = scratch.run(&config, |config| show_fixed(&[scratch.input()], config));
        let show = |(i, record): (usize, &[u8; 7])| [format!("{}\t", 7 * i).as_bytes(), record, b"\n"].concat();
        let expected: Vec<u8> = records.iter().enumerate().flat_map(show).collect();
        assert_same_bytes(&outcome.bytes(), &expected, format_args!("splits of {split_bytes} bytes"));
    }
}

#[test]
fn records_of_fixed_length_are_whole_however_they_lie_in_what_is_read_at_a_time() {
    let bytes: Vec<u8> = (0..7u32 * 100_000).map(|i| b'a' + (i % 23) as u8).collect();
    let scratch = Scratch::with_input(&bytes);
    let mut config = scratch.config(Mode::Memory);
    config.split_bytes = Some(300_001);
    let outcome = scratch.run(&config, |config| show_fixed(&[scratch.input()], config));
    let show = |(i, record): (usize, &[u8])| [format!("{}\t", 7 * i).as_bytes(), record, b"\n"].concat();
    let expected: Vec<u8> = bytes.chunks(7).enumerate().flat_map(show).collect();
    assert_same_bytes(&outcome.bytes(), &expected, "700 KB");
}

#[test]
fn a_torn_last_record_is_an_error_with_file_and_offset() {
    for split_bytes in [1, 7, 10, 1000] {
        let scratch = Scratch::new();
        scratch.write("whole", [b'w'; 21]);
        let torn = scratch.write("torn", [b't'; 7 * 3 + 2]);
        let mut config = scratch.config(Mode::Disk);
        config.split_bytes = Some(split_bytes);
        let error = scratch.fail(&config, |config| show_fixed(&[scratch.input()], config)).to_string();
        let expected = format!("{} at offset 21: the file ends after 2 bytes of a record of 7 bytes", torn.display());
        assert!(error.ends_with(&expected), "{error}");
    }
}

/// A text as some compressed bytes.
type Compress = fn(&[u8]) -> Vec<u8>;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstandard(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

fn lz4(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

const COMPRESSED: [(&str, Compress); 4] = [("gz", gzip), ("bz2", bzip2), ("zst", zstandard), ("lz4", lz4)];

fn some_text() -> Vec<u8> {
    (0..40_000).flat_map(|i| format!("line {i} of {}\n", i * 7919 % 10_007).into_bytes()).collect()
}

#[test]
fn compressed_files_are_read_as_what_they_hold() {
    let text = some_text();
    for (extension, compress) in COMPRESSED {
        let scratch = Scratch::new();
        let name = format!("data.{extension}");
        scratch.write(&name, compress(&text));
        for split_bytes in [None, Some(1000)] {
            let outcome = read(&scratch, &[scratch.input()], split_bytes);
            assert_same_bytes(&outcome.bytes(), &shown_lines(&name, &text), extension);
            assert_eq!(outcome.report.input_bytes, scratch.input().join(&name).metadata().unwrap().len());
        }
    }
}

#[test]
fn compressed_files_may_have_several_members_even_empty_ones() {
    let text = some_text();
    let (first, second) = text.split_at(text.len() / 3);
    for (extension, compress) in COMPRESSED {
        let scratch = Scratch::new();
        let name = format!("data.{extension}");
        scratch.write(&name, [compress(b""), compress(first), compress(b""), compress(b""), compress(second)].concat());
        let outcome = read(&scratch, &[scratch.input()], None);
        assert_same_bytes(&outcome.bytes(), &shown_lines(&name, &text), extension);
    }
}

#[test]
fn compressed_and_plain_files_may_stand_side_by_side() {
    let scratch = Scratch::new();
    scratch.write("b.txt", "plain\n");
    for (extension, compress) in COMPRESSED {
        scratch.write(&format!("a.{extension}"), compress(b"one\ntwo"));
    }
    let outcome = read(&scratch, &[scratch.input()], Some(1));
    let names = ["a.bz2", "a.gz", "a.lz4", "a.zst"];
    let mut expected: String = names.iter().map(|name| format!("{name}\t0\tone\n{name}\t4\ttwo\n")).collect();
    expected += "b.txt\t0\tplain\n";
    assert_eq!(outcome.text(), expected);
}

#[test]
fn a_truncated_compressed_file_is_an_error_that_names_it() {
    let text = some_text();
    for (extension, compress) in COMPRESSED {
        let whole = compress(&text);
        for keep in [whole.len() - 1, whole.len() - 4, whole.len() / 2, 5] {
            let scratch = Scratch::new();
            let path = scratch.write(&format!("cut.{extension}"), &whole[..keep]);
            for mode in MODES {
                let error = scratch.fail(&scratch.config(mode), |config| show_lines(&[scratch.input()], config));
                let message = error.to_string();
                assert!(message.contains(path.to_str().unwrap()), "{extension} cut to {keep}: {message}");
            }
        }
    }
}

#[test]
fn compression_is_told_by_the_bytes_whatever_the_name() {
    let text = some_text();
    for (extension, compress) in COMPRESSED {
        for name in
            ["plain".to_owned(), "data.txt".to_owned(), format!("data.{}", extension.to_uppercase()), "a.gz".into()]
        {
            let scratch = Scratch::new();
            scratch.write(&name, compress(&text));
            for split_bytes in [None, Some(1000)] {
                let outcome = read(&scratch, &[scratch.input()], split_bytes);
                assert_same_bytes(&outcome.bytes(), &shown_lines(&name, &text), format_args!("{extension} as {name}"));
            }
        }
    }
}

#[test]
fn text_with_the_name_of_a_compressed_file_is_text_and_other_bytes_are_an_error() {
    for (extension, _) in COMPRESSED {
        let scratch = Scratch::new();
        let name = format!("text.{extension}");
        let path = scratch.write(&name, "whatever the name says\n");
        let outcome = read(&scratch, &[scratch.input()], None);
        assert_eq!(outcome.text(), format!("{name}\t0\twhatever the name says\n"));
        assert!(outcome.report.notes[0].contains("is not compressed"), "{:?}", outcome.report.notes);
        scratch.write(&name, b"\0\x01\x02\x03");
        let error = scratch.fail(&scratch.config(Mode::Disk), |config| show_lines(&[scratch.input()], config));
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    }
}

#[test]
fn what_stands_behind_compressed_data_is_read_as_gzip_bzip2_and_lz4_read_it() {
    let text = some_text();
    let skippable = b"\x5f\x2a\x4d\x18\x08\0\0\0whatever".to_vec();
    let legacy = |text: &[u8]| {
        let blocks = text.chunks(1 << 20).map(|block| {
            let block = lz4_flex::block::compress(block);
            [&(block.len() as u32).to_le_bytes()[..], &block].concat()
        });
        [b"\x02\x21\x4c\x18".to_vec(), blocks.collect::<Vec<_>>().concat()].concat()
    };
    let (first, second) = text.split_at(text.len() / 2);
    for (what, bytes, noted) in [
        ("NULs behind gzip", [gzip(&text), vec![0; 1000]].concat(), false),
        ("garbage behind gzip", [gzip(&text), b"garbage".to_vec()].concat(), true),
        ("NULs, then garbage behind gzip", [gzip(&text), vec![0; 9], b"garbage".to_vec()].concat(), true),
        ("garbage behind bzip2", [bzip2(&text), b"garbage".to_vec()].concat(), true),
        ("NULs behind bzip2", [bzip2(&text), vec![0; 512]].concat(), true),
        ("skippable zstd", [skippable.clone(), zstandard(first), skippable.clone(), zstandard(second)].concat(), false),
        ("skippable lz4", [skippable.clone(), lz4(first), skippable.clone(), lz4(second), skippable].concat(), false),
        ("legacy lz4", legacy(&text), false),
        ("legacy and current lz4", [legacy(first), lz4(second)].concat(), false),
        ("legacy twice", [legacy(first), legacy(second)].concat(), false),
        ("garbage behind lz4", [lz4(&text), b"garbage!".to_vec()].concat(), true),
    ] {
        let scratch = Scratch::new();
        scratch.write("data", bytes);
        let outcome = read(&scratch, &[scratch.input()], None);
        assert_same_bytes(&outcome.bytes(), &shown_lines("data", &text), what);
        assert_eq!(!outcome.report.notes.is_empty(), noted, "{what}: {:?}", outcome.report.notes);
    }
}

#[test]
fn a_zstd_window_may_be_as_large_as_the_format_has() {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(31).unwrap();
    encoder.include_contentsize(false).unwrap();
    encoder.write_all(b"one\ntwo\n").unwrap();
    let scratch = Scratch::new();
    scratch.write("data.zst", encoder.finish().unwrap());
    assert_eq!(read(&scratch, &[scratch.input()], None).text(), "data.zst\t0\tone\ndata.zst\t4\ttwo\n");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_mark_is_no_part_of_the_first_line_however_the_file_is_cut(
        lines in prop::collection::vec("[a-c]{0,3}", 0..6),
        split_bytes in 1u64..12,
        compressed in any::<bool>(),
    ) {
        let text = lines.join("\n");
        let bytes = [b"\xef\xbb\xbf", text.as_bytes()].concat();
        let scratch = Scratch::new();
        scratch.write("data", if compressed { gzip(&bytes) } else { bytes });
        let outcome = read(&scratch, &[scratch.input()], Some(split_bytes));
        let mut offset = 3;
        let place = |line: &str| {
            let shown = format!("data\t{offset}\t{}\n", line.strip_suffix('\n').unwrap_or(line));
            offset += line.len();
            shown
        };
        let expected: String = text.split_inclusive('\n').map(place).collect();
        assert_eq!(outcome.text(), expected, "splits of {split_bytes} bytes");
    }
}

#[test]
fn other_encodings_are_an_error_that_names_them() {
    for (bytes, encoding) in [(&b"\xff\xfea\0"[..], "UTF-16LE"), (b"\0\0\xfe\xff\0\0\0a", "UTF-32BE")] {
        for bytes in [bytes.to_vec(), gzip(bytes)] {
            let scratch = Scratch::with_input(bytes);
            let error = scratch.fail(&scratch.config(Mode::Memory), |config| show_lines(&[scratch.input()], config));
            assert!(error.to_string().contains(encoding), "{error}");
        }
    }
}

#[test]
fn a_line_of_any_length_is_whole_in_every_form_and_split() {
    let mut text = b"first\n".to_vec();
    text.extend((0..5_000_000u32).map(|i| b'a' + (i % 25) as u8));
    text.extend_from_slice(b"\nlast");
    for bytes in [text.clone(), gzip(&text), lz4(&text)] {
        let scratch = Scratch::new();
        scratch.write("data", bytes);
        for split_bytes in [None, Some(700_001)] {
            let outcome = read(&scratch, &[scratch.input()], split_bytes);
            assert_same_bytes(&outcome.bytes(), &shown_lines("data", &text), format_args!("splits of {split_bytes:?}"));
        }
    }
}

#[test]
fn a_damaged_gzip_file_is_an_error_that_names_it() {
    let scratch = Scratch::new();
    let mut bytes = gzip(&some_text());
    let checksum = bytes.len() - 8;
    bytes[checksum] ^= 1;
    let path = scratch.write("damaged.gz", bytes);
    let error = scratch.fail(&scratch.config(Mode::Disk), |config| show_lines(&[scratch.input()], config));
    assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
}

/// A format of the test's own: lines of `key=value`.
#[derive(Clone)]
struct Settings;

impl InputFormat for Settings {
    type Record<'a> = (&'a [u8], &'a [u8]);

    fn read(piece: PieceReader<'_>, mut each: impl FnMut(Self::Record<'_>) -> Result<()>) -> Result<()> {
        Lines::read(piece, |line| {
            let line = line.bytes();
            let at = line.iter().position(|byte| *byte == b'=').ok_or_else(|| Error::user("no '=' in the line"))?;
            each((&line[..at], &line[at + 1..]))
        })
    }
}

#[derive(Clone)]
struct ShowSettings;

impl Mapper for ShowSettings {
    type Input = Settings;
    type Key = [u8];
    type Value = [u8];

    fn map(&mut self, (key, value): (&[u8], &[u8]), out: &mut impl Emit<[u8], [u8]>) -> Result<()> {
        out.emit(key, value);
        Ok(())
    }
}

#[test]
fn a_format_of_ones_own_has_splits_and_error_places_from_the_one_it_is_made_of() {
    let scratch = Scratch::with_input("a=1\nb=2=3\n=\n");
    let mut config = scratch.config(Mode::Memory);
    config.split_bytes = Some(2);
    let show =
        |config: &JobConfig| Job::map_only("settings", ShowSettings).input(scratch.input().as_path()).run(config);
    assert_eq!(scratch.run(&config, show).text(), "a\t1\nb\t2=3\n\t\n");
    let path = scratch.write("data.txt", "a=1\nb\n");
    let error = scratch.fail(&config, show).to_string();
    assert!(error.ends_with(&format!("{} at offset 4: no '=' in the line", path.display())), "{error}");
}

#[derive(Default)]
struct Length(u64);

impl Block for Length {
    fn records(&self) -> u64 {
        self.0
    }
    fn heap_bytes(&self) -> usize {
        0
    }
}

struct CountLines;

impl Parse for CountLines {
    type Input = Lines;
    type Block = Length;
    fn parse(&self, _: Record<'_>, length: &mut Length) -> Result<()> {
        length.0 += 1;
        Ok(())
    }
}

#[test]
fn an_input_that_changes_between_two_iterations_is_an_error_whether_it_is_kept_or_read_again() {
    for mode in MODES {
        let scratch = Scratch::new();
        let file = scratch.write("lines", b"1\n2\n3\n");
        let mut driver = Driver::start("count", scratch.config(mode)).unwrap();
        let counted = driver.invariant(&file, CountLines).unwrap();
        let count = mapper_of(Blocks::<CountLines>::new(), |length, out: &mut Out<(), ()>| {
            out.aggregate("lines", length.0);
            Ok(())
        });
        let job = Job::map_only("count", count).input(&counted);
        driver.run_to_dataset(&job).unwrap();
        assert_eq!(driver.aggregate("lines"), 3);
        std::fs::write(&file, b"1\n2\n3\n4\n").unwrap();
        let error = driver.run_to_dataset(&job).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("it had 6 bytes and has 8 now"), "{mode:?}: {error}");
    }
}

#[test]
fn an_input_that_is_read_once_is_not_kept_where_others_are() {
    let scratch = Scratch::new();
    let file = scratch.write("lines", b"1\n2\n3\n");
    let bytes_read = |kept: bool| {
        let mut driver = Driver::start("count", scratch.config(Mode::Memory)).unwrap();
        let counted = if kept { driver.invariant(&file, CountLines) } else { driver.read_once(&file, CountLines) };
        let count = mapper_of(Blocks::<CountLines>::new(), |length, out: &mut Out<(), ()>| {
            out.aggregate("lines", length.0);
            Ok(())
        });
        let job = Job::map_only("count", count).input(&counted.unwrap());
        for _ in 0..2 {
            driver.run_to_dataset(&job).unwrap();
            assert_eq!(driver.aggregate("lines"), 3);
        }
        driver.finish().unwrap().input_bytes
    };
    assert_eq!((bytes_read(true), bytes_read(false)), (6, 12));
}
