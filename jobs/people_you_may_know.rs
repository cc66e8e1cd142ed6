//! People you may know: for each person those who are no friends yet but have the most friends in common.
//!
//! ```text
//! ann: bob cat     map   (bob) bob cat    (cat) bob cat          reduce   bob: friends of ann: cat
//! bob: ann dan    ─────▶ (ann) ann dan    (dan) ann dan         ────────▶      cat 1, not a friend:  bob TAB cat
//! ```
//!
//! 1. *neighbours*: [lists](crate::jobs::edges::neighbours) of the friends of each person; an edge has no direction.
//! 2. *suggest*: a person sends the list of friends to each friend. The reducer of a person has the person's own list first
//!    (a secondary sort), counts how often everybody else is in the lists of friends, and prints the `--k` most frequent who are no
//!    friends: by common friends, the most first, then by id. Each person has a line, if an empty one.
//!
//! The way that is often taught emits each pair of a list's friends with 1, d² records for a list of d. Here it is d records with
//! d numbers each: the same bytes, but neither sorted nor compared one by one.
//!
//! - *Shuffle*: the sum of d² over all people. A person whom everybody knows makes most of it; none of the lists is held.
//! - A combiner would find nothing to add up before lists meet.
//! - *Memory* helps by what is shuffled, which is many times the input. Each task holds a count a person.

use std::cmp::Reverse;
use std::path::PathBuf;
use std::sync::Arc;

use twinmill::check::LineOrder;
use twinmill::generate::{Kind, Shape};
use twinmill::prelude::*;
use twinmill::program::{Program, Reference};
use twinmill::record::{Packed, PackedRef};
use twinmill::reference::ReferenceRun;

use crate::jobs::edges::Ids;
use crate::jobs::edges::graph::Graph;
use crate::jobs::edges::neighbours::{Direction, Listed, Neighbours, NodeIds, reducers_at_work, write_list};

pub struct PeopleYouMayKnow;

#[derive(clap::Args)]
pub struct Options {
    /// Most people to suggest to a person
    #[arg(long, value_name = "N", default_value_t = 10)]
    k: usize,
    /// Kind of the ids
    #[arg(long, value_enum, default_value = "text")]
    ids: Ids,
}

/// The kinds of records about a person, in the order in which the reducer is given them.
const OWN: u8 = 0;
const SENT: u8 = 1;

/// Bytes of a key that are the number of the person.
const PERSON_BYTES: usize = size_of::<u32>();

/// Sends a person's list to all friends in it.
#[derive(Clone, Default)]
struct ToFriends {
    list: Vec<u32>,
}

impl Mapper for ToFriends {
    type Input = Pairs<u32, Packed<u32>>;
    type Key = (u32, u8);
    type Value = Packed<u32>;

    fn map(
        &mut self,
        (person, friends): (u32, PackedRef<'_, u32>),
        out: &mut impl Emit<(u32, u8), Packed<u32>>,
    ) -> Result<()> {
        out.emit((person, OWN), friends);
        if friends.len() > 1 {
            self.list.clear();
            self.list.extend(friends.iter());
            self.list.iter().for_each(|friend| out.emit((*friend, SENT), &self.list[..]));
        }
        Ok(())
    }
}

/// Counts for one person how many friends everybody else has in common.
#[derive(Clone, Debug, Default)]
struct Common {
    /// For every person; zero but for those who were counted.
    counts: Vec<u32>,
    counted: Vec<u32>,
}

impl Common {
    fn of_people(people: u32) -> Self {
        Common { counts: vec![0; people as usize], counted: Vec::new() }
    }

    /// Counts the friends of a friend.
    #[inline]
    fn count(&mut self, friends: impl Iterator<Item = u32>) {
        for person in friends {
            let count = &mut self.counts[person as usize];
            if *count == 0 {
                self.counted.push(person);
            }
            *count += 1;
        }
    }

    /// Ends the counts of a person, who has these friends; returns the strangers with the most friends in common.
    fn take_most(&mut self, person: u32, friends: &[u32], k: usize) -> Vec<u32> {
        let is_stranger = |other: &u32| *other != person && friends.binary_search(other).is_err();
        let mut strangers: Vec<u32> = self.counted.iter().copied().filter(is_stranger).collect();
        let place = |other: &u32| (Reverse(self.counts[*other as usize]), *other);
        if strangers.len() > k {
            if k > 0 {
                strangers.select_nth_unstable_by_key(k - 1, place);
            }
            strangers.truncate(k);
        }
        strangers.sort_unstable_by_key(place);
        self.counted.drain(..).for_each(|other| self.counts[other as usize] = 0);
        strangers
    }
}

/// Suggests people to a person.
#[derive(Clone)]
struct Suggest {
    ids: Arc<NodeIds>,
    people: u32,
    k: usize,
    common: Common,
    own: Vec<u32>,
    id: Vec<u8>,
    list: Vec<u8>,
}

impl Reducer for Suggest {
    type Key = (u32, u8);
    type Value = Packed<u32>;
    type OutKey = [u8];
    type OutValue = [u8];

    fn setup(&mut self, _: &TaskContext) -> Result<()> {
        self.common = Common::of_people(self.people);
        Ok(())
    }

    fn reduce(
        &mut self,
        (person, _): (u32, u8),
        lists: &mut Values<Packed<u32>>,
        out: &mut impl Emit<[u8], [u8]>,
    ) -> Result<()> {
        self.own.clear();
        self.own.extend(lists.next().into_iter().flat_map(PackedRef::iter));
        while let Some(friends) = lists.next() {
            self.common.count(friends.iter());
        }
        let strangers = self.common.take_most(person, &self.own, self.k);
        self.id.clear();
        self.list.clear();
        self.ids.write(person, &mut self.id);
        write_list(&self.ids, strangers, &mut self.list);
        out.emit(&self.id, &self.list[..]);
        Ok(())
    }
}

impl Program for PeopleYouMayKnow {
    type Options = Options;

    const NAME: &'static str = "people-you-may-know";
    const ABOUT: &'static str = "Suggest to each person those with the most friends in common";
    const SUBJECT: &'static str = "graphs";
    const REFERENCE: Option<Reference<Self>> = Some(Self::reference);

    fn default_input(&self) -> Option<(Kind, Shape)> {
        Some((Kind::Graph, Shape::records(200_000)))
    }

    fn line_order(&self, _: &Options) -> LineOrder {
        LineOrder::Free
    }

    fn run(&self, options: &Options, inputs: &[PathBuf], session: &Session) -> Result<Report> {
        let mut driver = Driver::start(Self::NAME, session)?;
        let graph = Neighbours::read(&mut driver, Self::NAME, inputs, options.ids, Direction::Both)?;
        let _of_counts = graph.hold(&driver, size_of::<u32>(), reducers_at_work(driver.config()))?;
        let suggest = Suggest {
            ids: graph.ids.clone(),
            people: graph.nodes,
            k: options.k,
            common: Common::default(),
            own: Vec::new(),
            id: Vec::new(),
            list: Vec::new(),
        };
        let job = Job::new(Self::NAME, ToFriends::default(), suggest).input(&graph.lists);
        let job = job.group_by_prefix(|_| PERSON_BYTES).partition_by(graph.by_part(session.config.reducers));
        driver.run(&job)?;
        driver.finish()
    }
}

impl PeopleYouMayKnow {
    fn reference(&self, options: &Options, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        let listed = Listed::of(Graph::read(inputs, options.ids, run)?, Direction::Both);
        let (ids, people) = (listed.ids()?, listed.graph.nodes);
        let parts = TotalOrderPartitioner::of_numbers(people, run.reducers());
        let (mut common, mut id, mut list) = (Common::of_people(people), Vec::new(), Vec::new());
        for person in 0..people {
            let own = listed.list(person);
            own.iter().for_each(|friend| common.count(listed.list(*friend).iter().copied()));
            let strangers = common.take_most(person, own, options.k);
            id.clear();
            list.clear();
            ids.write(person, &mut id);
            write_list(&ids, strangers, &mut list);
            run.write(parts.partition(&person.to_be_bytes(), run.reducers()), &id, &list)?;
        }
        Ok(())
    }
}
