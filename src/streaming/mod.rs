//! Commands in any language as mapper, combiner and reducer, by Hadoop Streaming's rules.
//!
//! A command reads records from standard input and prints records on standard output, a line each. Here is the word count of
//! two programs, of which the engine does all that lies between:
//!
//! ```text
//!   split ─▶ stdin ./mapper.py stdout ─▶ key TAB value ─▶ sort, spill, merge, shuffle ─▶ stdin ./reducer.py stdout ─▶ part
//!            "to be or"        "to\t1"                                                  "be\t1"           "be\t2"
//! ```
//!
//! 1. [`options`] reads Hadoop's words into options, with [`properties`] for `-D`; [`job`] resolves them: what is a command
//!    and what a class ([`classes`]), and how records are cut.
//! 2. [`mapper`] and [`reducer`] are parts of an ordinary job. Each attempt has one [`process`] with its
//!    [`worker`], in a directory of its own ([`place`]) and with the variables that Hadoop sets ([`environment`]).
//! 3. A task's thread writes to its process and reads from it in turn, and waits only for all of its pipes at once, so no
//!    order in which a program reads and prints can bring both to a halt.
//! 4. Inputs that are no lines are read in [other ways](reading): [XML](xml), [`SequenceFile`](sequence_file), delimiters; and
//!    [`output`] writes lines, or a `SequenceFile`.
//! 5. [`records`] cuts what a program prints into records; [`repeats`] keeps those that are the same once; [`route`] makes the
//!    engine's keys of theirs: [`partition`] chooses the reducer as Hadoop does, bit for bit, and [`order`] sorts by [fields of a
//!    key](key_fields).
//! 6. [`said`] reads a program's standard error: counters, status, and last words. [`failure`] explains them, with what the
//!    program had read ([`reach`]), Python's exception ([`python`]), and a line that does the task [`again`]. [`strays`] and the
//!    [`guard`] end what it leaves running.
//! 7. [`program`] is the job for `run`, `compare` and `check`; [`dry`] runs it as a shell would.
//!
//! # Where it differs from Hadoop
//!
//! | | Hadoop | here |
//! |---|---|---|
//! | order of the values of a key | undefined | that of the map tasks, and of what each printed |
//! | records that a comparator calls equal | in any order | in that order |
//! | keys that lack a field of a comparator | the first of two is the smaller, so they are no group | equal |
//! | `-cmdenv` with blanks in the value | cut at the blank | whole |
//! | generic options behind streaming's | refused | taken |
//! | reads past the early end of a program | depends on time | by what the program read |
//! | files of one size in a directory | in the order in which the system lists them | by name |
//! | an empty first line and `NLineInputFormat` | is given to two map tasks | to one |
//! | an input that is missing | exit status 5 | 2, which Hadoop has for it; 5 from `hadoop jar` |
//! | an output that exists | exit status 5 | 4, which Hadoop has for it; 5 from `hadoop jar` |
//! | mark of a `SequenceFile` | by chance | by the number of the part, so that both modes write the same |
//! | `mapreduce.map.maxattempts`, `mapreduce.reduce.maxattempts` | one for each side | the larger for both |
//! | `mapreduce_job_maps` in a task | the number of map tasks | the number that was asked for |
//! | a negative number of map tasks | a map task for each byte | refused |
//! | the file of `TotalOrderPartitioner` | a `SequenceFile` | or a key a line |

pub mod again;
pub mod aggregate;
pub mod archive;
pub mod classes;
pub mod combiner;
pub mod debug_script;
pub mod dry;
pub mod environment;
pub mod failure;
pub mod field_selection;
pub mod globs;
pub mod guard;
pub mod java_hash;
pub mod java_text;
pub mod job;
pub mod key_fields;
pub mod mapper;
pub mod options;
pub mod order;
pub mod output;
pub mod partition;
pub mod partition_command;
pub mod place;
pub mod process;
pub mod program;
pub mod properties;
pub mod python;
pub mod reach;
pub mod reading;
pub mod records;
pub mod reducer;
pub mod repeats;
pub mod role;
pub mod route;
pub mod said;
pub mod sequence_file;
pub mod split_points;
pub mod strays;
pub mod varint;
pub mod words;
pub mod worker;
pub mod writable;
pub mod xml;
