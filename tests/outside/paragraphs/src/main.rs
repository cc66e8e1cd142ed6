//! The offset of each paragraph of a text, and the numbers of its lines and words.

use std::process::ExitCode;

use twinmill::prelude::*;
use twinmill::program::program;

mod format;

use format::Paragraphs;

fn main() -> ExitCode {
    let measure = mapper_of(Paragraphs, |paragraph, out: &mut Out<(String, u64), (u64, u64)>| {
        let file = paragraph.path().file_name().unwrap_or_default().to_string_lossy();
        let text = paragraph.text()?;
        out.emit((file, paragraph.offset()), (text.lines().count() as u64, text.split_whitespace().count() as u64));
        Ok(())
    });
    twinmill::cli::main(program("paragraphs", "Count the lines and words of paragraphs", move |inputs, config| {
        Job::new("paragraphs", measure.clone(), Identity).input(inputs).run(config)
    }))
}
