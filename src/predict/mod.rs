//! What a job would take on a cluster that is not there, predicted from one run that was measured here.
//!
//! ```text
//! report of a run ─▶ Profile ─┐
//! nodes, disk, network, size ─┼─▶ task costs ─▶ simulation of waves ─▶ Prediction: time, interval, limit
//! constants of engines ───────┘                                          ▲
//! graded runs ──────────────────── error of the model ───────────────────┘
//! ```
//!
//! 1. [`profile`]: the work of each job of the run, by map and reduce: tasks, bytes, processor time by what it depends
//!    on.
//! 2. [`cluster`] and [`size`]: the machines, the network and the input that are asked about; [`constants`]: what
//!    Hadoop and Spark cost beside the work.
//! 3. [`cost`]: one task of a job on that cluster: processor, disk, network. Tasks of a node share its disk and its
//!    network.
//! 4. [`simulation`]: waves of tasks on the slots of all nodes, with slow tasks, slow nodes and failures drawn at
//!    random.
//! 5. [`prediction`]: the time with its interval, and what limits the job: the resource without which it would gain
//!    most.
//! 6. [`grades`]: predictions that were measured afterwards. Their error widens the interval, and is told with every
//!    prediction.
//!
//! A scenario: word count without a combiner on 256 MiB took 3.3 s here. On 1 TiB and four nodes of 8 cores there are
//! 8,192 map tasks in 256 waves; every node writes 141 GiB of map output to its disk and sends three quarters of it to
//! others.

pub mod cluster;
pub mod constants;
pub mod cost;
pub mod grades;
pub mod prediction;
pub mod profile;
pub mod simulation;
pub mod size;
