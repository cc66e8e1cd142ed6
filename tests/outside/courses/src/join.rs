//! A reduce-side join: `id TAB name` with `id TAB item` gives `id TAB name TAB item`.
//!
//! Keys are an id and a tag. Records of an id meet in one group, and the tag brings its name before its items: a secondary
//! sort. Items whose id has no name are left out.

use twinmill::prelude::*;
use twinmill::program::{AnyProgram, program};

type IdAndTag = (u64, u8);

/// A mapper of one input, whose records carry this tag.
fn tagged(tag: u8) -> impl Mapper<Input = Lines, Key = IdAndTag, Value = str> {
    mapper(move |line, out: &mut Out<IdAndTag, str>| {
        let (id, rest) = line.text()?.split_once('\t').ok_or("a line needs an id, a TAB and more")?;
        out.emit((id.parse::<u64>()?, tag), rest);
        Ok(())
    })
}

/// The join, for the command line.
pub fn join() -> Box<dyn AnyProgram> {
    let join = reducer(|(id, tag): &IdAndTag, values: &mut Values<str>, out: &mut Out<u64, (String, String)>| {
        if *tag == 0 {
            let name = values.next().unwrap_or_default().to_owned();
            while let Some(item) = values.next() {
                out.emit(id, (&name, item));
            }
        }
        Ok(())
    });
    program("join", "Join the names of one input with the items of another", move |inputs, config| {
        let [names, items] = inputs else {
            return Err(Error::Config("join needs two inputs: --input NAMES --input ITEMS".into()));
        };
        Job::new("join", (tagged(0), tagged(1)), join.clone())
            .input(names)
            .input(items)
            .group_by_first::<u64>()
            .run(config)
    })
}
