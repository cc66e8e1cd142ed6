//! Jobs as courses set them: a join, co-occurrence by pairs and by stripes, and the most frequent words.

use std::process::ExitCode;

mod join;
mod pairs;
mod stripes;
mod top_k;

fn main() -> ExitCode {
    twinmill::cli::main([join::join(), pairs::pairs(), stripes::stripes(), top_k::top_k()])
}
